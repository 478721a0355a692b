// Made by openapi-typescript of docs/schemas/gateway-openapi.json; docs/partners.md says how. Nobody writes in it.
// SHA-256 of that document: 509344cc7bf9aad91659f825caebd48dc6b2517f2658e9692ff89884a61c8803

export interface paths {
    "/api/v1/card-tokens/{token}": {
        parameters: {
            query?: never;
            header?: never;
            path?: never;
            cookie?: never;
        };
        get?: never;
        put?: never;
        post?: never;
        /**
         * Erases a token: it pays no more
         * @description Needs the permission `cards:tokenise`.
         */
        delete: operations["eraseCardToken"];
        options?: never;
        head?: never;
        patch?: never;
        trace?: never;
    };
    "/api/v1/card-tokens": {
        parameters: {
            query?: never;
            header?: never;
            path?: never;
            cookie?: never;
        };
        get?: never;
        put?: never;
        /**
         * A token for a card; the same card has the same
         * @description Needs the permission `cards:tokenise`.
         */
        post: operations["createCardToken"];
        delete?: never;
        options?: never;
        head?: never;
        patch?: never;
        trace?: never;
    };
    "/api/v1/payments/{id}/cancel": {
        parameters: {
            query?: never;
            header?: never;
            path?: never;
            cookie?: never;
        };
        get?: never;
        put?: never;
        /**
         * Takes a payment back in full, before it is settled
         * @description Needs the permission `payments:cancel`.
         */
        post: operations["cancelPayment"];
        delete?: never;
        options?: never;
        head?: never;
        patch?: never;
        trace?: never;
    };
    "/api/v1/payments/{id}/capture": {
        parameters: {
            query?: never;
            header?: never;
            path?: never;
            cookie?: never;
        };
        get?: never;
        put?: never;
        /**
         * Takes what a payment with manual capture set aside, or less
         * @description Needs the permission `payments:capture`.
         */
        post: operations["capturePayment"];
        delete?: never;
        options?: never;
        head?: never;
        patch?: never;
        trace?: never;
    };
    "/api/v1/payments/{id}/events": {
        parameters: {
            query?: never;
            header?: never;
            path?: never;
            cookie?: never;
        };
        /**
         * A payment’s status as it changes, until it is final
         * @description Needs the permission `payments:read`.
         */
        get: operations["followPayment"];
        put?: never;
        post?: never;
        delete?: never;
        options?: never;
        head?: never;
        patch?: never;
        trace?: never;
    };
    "/api/v1/payments/{id}/refund": {
        parameters: {
            query?: never;
            header?: never;
            path?: never;
            cookie?: never;
        };
        get?: never;
        put?: never;
        /**
         * Gives a payment back, or a part of it: a payment of its own
         * @description Needs the permission `payments:refund`.
         */
        post: operations["refundPayment"];
        delete?: never;
        options?: never;
        head?: never;
        patch?: never;
        trace?: never;
    };
    "/api/v1/payments/{id}": {
        parameters: {
            query?: never;
            header?: never;
            path?: never;
            cookie?: never;
        };
        /**
         * Where a payment stands now
         * @description Needs the permission `payments:read`.
         */
        get: operations["readPayment"];
        put?: never;
        post?: never;
        delete?: never;
        options?: never;
        head?: never;
        patch?: never;
        trace?: never;
    };
    "/api/v1/payments": {
        parameters: {
            query?: never;
            header?: never;
            path?: never;
            cookie?: never;
        };
        /**
         * The payments that came in here, the newest first
         * @description Needs the permission `payments:read`.
         */
        get: operations["listPayments"];
        put?: never;
        /**
         * Makes a payment, or tells of the one that this key made
         * @description Needs the permission `payments:create`.
         */
        post: operations["createPayment"];
        delete?: never;
        options?: never;
        head?: never;
        patch?: never;
        trace?: never;
    };
    "/api/v1/sessions/{id}/cancel": {
        parameters: {
            query?: never;
            header?: never;
            path?: never;
            cookie?: never;
        };
        get?: never;
        put?: never;
        /**
         * Cancels a session that nobody has paid
         * @description Needs the permission `payments:create`.
         */
        post: operations["cancelSession"];
        delete?: never;
        options?: never;
        head?: never;
        patch?: never;
        trace?: never;
    };
    "/api/v1/sessions/{id}": {
        parameters: {
            query?: never;
            header?: never;
            path?: never;
            cookie?: never;
        };
        /**
         * Whether a session is open, paid, expired or cancelled
         * @description Needs the permission `payments:read`.
         */
        get: operations["readSession"];
        put?: never;
        post?: never;
        delete?: never;
        options?: never;
        head?: never;
        patch?: never;
        trace?: never;
    };
    "/api/v1/sessions": {
        parameters: {
            query?: never;
            header?: never;
            path?: never;
            cookie?: never;
        };
        get?: never;
        put?: never;
        /**
         * Asks for a payment within a time; a key of its own is taken, and not asked for
         * @description Needs the permission `payments:create`.
         */
        post: operations["openSession"];
        delete?: never;
        options?: never;
        head?: never;
        patch?: never;
        trace?: never;
    };
    "/api/v1/webhook-deliveries": {
        parameters: {
            query?: never;
            header?: never;
            path?: never;
            cookie?: never;
        };
        /**
         * What became of the attempts to tell the merchant, the newest first
         * @description Needs the permission `payments:read`.
         */
        get: operations["listWebhookDeliveries"];
        put?: never;
        post?: never;
        delete?: never;
        options?: never;
        head?: never;
        patch?: never;
        trace?: never;
    };
}
export type webhooks = Record<string, never>;
export interface components {
    schemas: {
        CaptureOrder: {
            amount?: {
                /** @description in minor units */
                value: number;
                /** @description ISO 4217, by letters or digits */
                currency: string;
            };
            consumer_id?: string;
            /** @description base64; its SHA-256 is witnessed, and the receipt itself is not kept */
            receipt_data?: string;
            supplier_ids?: string[];
        };
        CardOrder: {
            /** @description the card number; no verification value is taken */
            pan: string;
            expiry_month?: number;
            expiry_year?: number;
        };
        CardToken: {
            success: boolean;
            data: {
                card_token: string;
                last_four: string;
            };
        };
        DeliveryList: {
            success: boolean;
            data: {
                deliveries: {
                    /** @description as in the header Etika-Notice-Id */
                    notice_id: string;
                    transaction_id: string;
                    attempt: number;
                    /** Format: date-time */
                    at: string;
                    delivered: boolean;
                    status_code: number | null;
                    reason: string | null;
                }[];
            };
        };
        Payment: {
            success: boolean;
            data: {
                transaction_id: string;
                status: "Initiated" | "Authorized" | "PaymentCompleted" | "PopProcessing" | "Completed" | "Failed" | "Cancelled";
                /** Format: date-time */
                transaction_time: string;
                amount?: {
                    value: number;
                    currency: string;
                };
                approval_code?: string;
                /** @description retrieval reference, DE37 */
                reference?: string;
                /** @description where the proof of purchase stands */
                proof?: string;
                /**
                 * Format: date-time
                 * @description it waits for its network, until then
                 */
                queued_until?: string;
                error: {
                    code: "E001" | "E002" | "E003" | "E004" | "E005";
                    message: string;
                } | null;
            };
            error?: {
                code: "E001" | "E002" | "E003" | "E004" | "E005";
                message: string;
            };
        };
        PaymentList: {
            success: boolean;
            data: {
                payments: {
                    transaction_id: string;
                    status: "Initiated" | "Authorized" | "PaymentCompleted" | "PopProcessing" | "Completed" | "Failed" | "Cancelled";
                    /** Format: date-time */
                    transaction_time: string;
                    amount?: {
                        value: number;
                        currency: string;
                    };
                    approval_code?: string;
                    /** @description retrieval reference, DE37 */
                    reference?: string;
                    /** @description where the proof of purchase stands */
                    proof?: string;
                    /**
                     * Format: date-time
                     * @description it waits for its network, until then
                     */
                    queued_until?: string;
                    error: {
                        code: "E001" | "E002" | "E003" | "E004" | "E005";
                        message: string;
                    } | null;
                }[];
                /** @description null on the last page */
                next_cursor: string | null;
            };
        };
        PaymentOrder: {
            /** @description that of the key */
            merchant_id?: string;
            amount: {
                /** @description in minor units */
                value: number;
                /** @description ISO 4217, by letters or digits */
                currency: string;
            };
            /** @description manual: the amount is set aside, and taken by a capture; automatic where absent */
            capture?: "automatic" | "manual";
            /** @description never a card number */
            card_token: string;
            /** @description a hint; the card itself says where it leads */
            card_type?: string;
            card_expiry_month?: number;
            card_expiry_year?: number;
            consumer_id?: string;
            /** @description base64; its SHA-256 is witnessed, and the receipt itself is not kept */
            receipt_data?: string;
            supplier_ids?: string[];
            /** @description the session that it pays, with the same amount */
            session_id?: string;
            /** @description of the token system, which is not served yet */
            token_refs?: string[];
        };
        /** @description RFC 9457, and the envelope as well */
        Problem: {
            type: string;
            title: string;
            status: number;
            code: string;
            detail?: string;
            errors?: {
                path: string;
                message: string;
            }[];
            /** @constant */
            success: false;
            data: {
                transaction_id: string;
                status: "Initiated" | "Authorized" | "PaymentCompleted" | "PopProcessing" | "Completed" | "Failed" | "Cancelled";
                /** Format: date-time */
                transaction_time: string;
                amount?: {
                    value: number;
                    currency: string;
                };
                approval_code?: string;
                /** @description retrieval reference, DE37 */
                reference?: string;
                /** @description where the proof of purchase stands */
                proof?: string;
                /**
                 * Format: date-time
                 * @description it waits for its network, until then
                 */
                queued_until?: string;
                error: {
                    code: "E001" | "E002" | "E003" | "E004" | "E005";
                    message: string;
                } | null;
            } | null;
            error: {
                code: "E001" | "E002" | "E003" | "E004" | "E005";
                message: string;
            };
        };
        RefundOrder: {
            amount?: {
                /** @description in minor units */
                value: number;
                /** @description ISO 4217, by letters or digits */
                currency: string;
            };
        };
        Session: {
            success: boolean;
            data: {
                session_id: string;
                status: "open" | "paid" | "expired" | "cancelled";
                merchant_id: string;
                amount: {
                    value: number;
                    currency: string;
                };
                consumer_id: string | null;
                supplier_ids: string[];
                reference: string | null;
                /** Format: date-time */
                created_at: string;
                /** Format: date-time */
                expires_at: string;
                /** @description the payment that paid it */
                transaction_id: string | null;
            };
        };
        SessionOrder: {
            /** @description that of the key */
            merchant_id?: string;
            amount: {
                /** @description in minor units */
                value: number;
                /** @description ISO 4217, by letters or digits */
                currency: string;
            };
            consumer_id?: string;
            supplier_ids?: string[];
            /** @description the order’s, at the merchant */
            reference?: string;
            /** @description seconds; 300 where no end is given */
            expires_in?: number;
            /** @description RFC 3339, in UTC */
            expires_at?: string;
        };
    };
    responses: never;
    parameters: never;
    requestBodies: never;
    headers: never;
    pathItems: never;
}
export type $defs = Record<string, never>;
export interface operations {
    eraseCardToken: {
        parameters: {
            query?: never;
            header?: never;
            path: {
                token: string;
            };
            cookie?: never;
        };
        requestBody?: never;
        responses: {
            /** @description done */
            204: {
                headers: {
                    [name: string]: unknown;
                };
                content?: never;
            };
            /** @description refused, or made and failed */
            "4XX": {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/problem+json": components["schemas"]["Problem"];
                };
            };
            /** @description not served now, or no answer of the network */
            "5XX": {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/problem+json": components["schemas"]["Problem"];
                };
            };
        };
    };
    createCardToken: {
        parameters: {
            query?: never;
            header?: never;
            path?: never;
            cookie?: never;
        };
        requestBody: {
            content: {
                "application/json": components["schemas"]["CardOrder"];
            };
        };
        responses: {
            /** @description made */
            201: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/json": components["schemas"]["CardToken"];
                };
            };
            /** @description refused, or made and failed */
            "4XX": {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/problem+json": components["schemas"]["Problem"];
                };
            };
            /** @description not served now, or no answer of the network */
            "5XX": {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/problem+json": components["schemas"]["Problem"];
                };
            };
        };
    };
    cancelPayment: {
        parameters: {
            query?: never;
            header: {
                /** @description names the request for 24 hours: the same key again gets the same answer */
                "Idempotency-Key": string;
            };
            path: {
                id: string;
            };
            cookie?: never;
        };
        requestBody: {
            content: {
                "application/json": Record<string, never>;
            };
        };
        responses: {
            /** @description what is known now */
            200: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/json": components["schemas"]["Payment"];
                };
            };
            /** @description refused, or made and failed */
            "4XX": {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/problem+json": components["schemas"]["Problem"];
                };
            };
            /** @description not served now, or no answer of the network */
            "5XX": {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/problem+json": components["schemas"]["Problem"];
                };
            };
        };
    };
    capturePayment: {
        parameters: {
            query?: never;
            header: {
                /** @description names the request for 24 hours: the same key again gets the same answer */
                "Idempotency-Key": string;
            };
            path: {
                id: string;
            };
            cookie?: never;
        };
        requestBody: {
            content: {
                "application/json": components["schemas"]["CaptureOrder"];
            };
        };
        responses: {
            /** @description what is known now */
            200: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/json": components["schemas"]["Payment"];
                };
            };
            /** @description refused, or made and failed */
            "4XX": {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/problem+json": components["schemas"]["Problem"];
                };
            };
            /** @description not served now, or no answer of the network */
            "5XX": {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/problem+json": components["schemas"]["Problem"];
                };
            };
        };
    };
    followPayment: {
        parameters: {
            query?: never;
            header?: never;
            path: {
                id: string;
            };
            cookie?: never;
        };
        requestBody?: never;
        responses: {
            /** @description what is known now */
            200: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "text/event-stream": string;
                };
            };
            /** @description refused, or made and failed */
            "4XX": {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/problem+json": components["schemas"]["Problem"];
                };
            };
            /** @description not served now, or no answer of the network */
            "5XX": {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/problem+json": components["schemas"]["Problem"];
                };
            };
        };
    };
    refundPayment: {
        parameters: {
            query?: never;
            header: {
                /** @description names the request for 24 hours: the same key again gets the same answer */
                "Idempotency-Key": string;
            };
            path: {
                id: string;
            };
            cookie?: never;
        };
        requestBody: {
            content: {
                "application/json": components["schemas"]["RefundOrder"];
            };
        };
        responses: {
            /** @description made */
            201: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/json": components["schemas"]["Payment"];
                };
            };
            /** @description not decided yet: ask by GET */
            202: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/json": components["schemas"]["Payment"];
                };
            };
            /** @description refused, or made and failed */
            "4XX": {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/problem+json": components["schemas"]["Problem"];
                };
            };
            /** @description not served now, or no answer of the network */
            "5XX": {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/problem+json": components["schemas"]["Problem"];
                };
            };
        };
    };
    readPayment: {
        parameters: {
            query?: never;
            header?: never;
            path: {
                id: string;
            };
            cookie?: never;
        };
        requestBody?: never;
        responses: {
            /** @description what is known now */
            200: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/json": components["schemas"]["Payment"];
                };
            };
            /** @description refused, or made and failed */
            "4XX": {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/problem+json": components["schemas"]["Problem"];
                };
            };
            /** @description not served now, or no answer of the network */
            "5XX": {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/problem+json": components["schemas"]["Problem"];
                };
            };
        };
    };
    listPayments: {
        parameters: {
            query?: {
                status?: "Initiated" | "Authorized" | "PaymentCompleted" | "PopProcessing" | "Completed" | "Failed" | "Cancelled";
                created_from?: string;
                created_to?: string;
                reference?: string;
                limit?: string;
                cursor?: string;
            };
            header?: never;
            path?: never;
            cookie?: never;
        };
        requestBody?: never;
        responses: {
            /** @description what is known now */
            200: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/json": components["schemas"]["PaymentList"];
                };
            };
            /** @description refused, or made and failed */
            "4XX": {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/problem+json": components["schemas"]["Problem"];
                };
            };
            /** @description not served now, or no answer of the network */
            "5XX": {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/problem+json": components["schemas"]["Problem"];
                };
            };
        };
    };
    createPayment: {
        parameters: {
            query?: never;
            header: {
                /** @description names the request for 24 hours: the same key again gets the same answer */
                "Idempotency-Key": string;
            };
            path?: never;
            cookie?: never;
        };
        requestBody: {
            content: {
                "application/json": components["schemas"]["PaymentOrder"];
            };
        };
        responses: {
            /** @description made */
            201: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/json": components["schemas"]["Payment"];
                };
            };
            /** @description not decided yet: ask by GET */
            202: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/json": components["schemas"]["Payment"];
                };
            };
            /** @description refused, or made and failed */
            "4XX": {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/problem+json": components["schemas"]["Problem"];
                };
            };
            /** @description not served now, or no answer of the network */
            "5XX": {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/problem+json": components["schemas"]["Problem"];
                };
            };
        };
    };
    cancelSession: {
        parameters: {
            query?: never;
            header?: never;
            path: {
                id: string;
            };
            cookie?: never;
        };
        requestBody: {
            content: {
                "application/json": Record<string, never>;
            };
        };
        responses: {
            /** @description what is known now */
            200: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/json": components["schemas"]["Session"];
                };
            };
            /** @description refused, or made and failed */
            "4XX": {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/problem+json": components["schemas"]["Problem"];
                };
            };
            /** @description not served now, or no answer of the network */
            "5XX": {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/problem+json": components["schemas"]["Problem"];
                };
            };
        };
    };
    readSession: {
        parameters: {
            query?: never;
            header?: never;
            path: {
                id: string;
            };
            cookie?: never;
        };
        requestBody?: never;
        responses: {
            /** @description what is known now */
            200: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/json": components["schemas"]["Session"];
                };
            };
            /** @description refused, or made and failed */
            "4XX": {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/problem+json": components["schemas"]["Problem"];
                };
            };
            /** @description not served now, or no answer of the network */
            "5XX": {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/problem+json": components["schemas"]["Problem"];
                };
            };
        };
    };
    openSession: {
        parameters: {
            query?: never;
            header?: never;
            path?: never;
            cookie?: never;
        };
        requestBody: {
            content: {
                "application/json": components["schemas"]["SessionOrder"];
            };
        };
        responses: {
            /** @description made */
            201: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/json": components["schemas"]["Session"];
                };
            };
            /** @description refused, or made and failed */
            "4XX": {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/problem+json": components["schemas"]["Problem"];
                };
            };
            /** @description not served now, or no answer of the network */
            "5XX": {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/problem+json": components["schemas"]["Problem"];
                };
            };
        };
    };
    listWebhookDeliveries: {
        parameters: {
            query?: {
                transaction_id?: string;
                limit?: string;
            };
            header?: never;
            path?: never;
            cookie?: never;
        };
        requestBody?: never;
        responses: {
            /** @description what is known now */
            200: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/json": components["schemas"]["DeliveryList"];
                };
            };
            /** @description refused, or made and failed */
            "4XX": {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/problem+json": components["schemas"]["Problem"];
                };
            };
            /** @description not served now, or no answer of the network */
            "5XX": {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/problem+json": components["schemas"]["Problem"];
                };
            };
        };
    };
}
