// Many rows go to the database as one text, which it takes apart: a line a row. These characters stand in no JSON text,
// and whoever writes such a text keeps them out of all else.

export const LINE = '\u001e';
export const FIELD = '\u001f';
