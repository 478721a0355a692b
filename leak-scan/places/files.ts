/** Files as they lie on the disk, read piece by piece. What is gone between its name and its turn is passed over. */
import { closeSync, type Dirent, openSync, readdirSync, readSync } from 'node:fs';
import { join, relative } from 'node:path';
import type { Piece, Place, PlaceName } from './place.ts';

const PIECE_BYTES = 4 * 1_024 * 1_024;
const MOST_OVERLAP = 4_096;
/** One for all: who is given a piece is done with it before he asks for the next. */
const piece = Buffer.allocUnsafeSlow(PIECE_BYTES + MOST_OVERLAP);

export interface FolderPlace {
  readonly name: PlaceName;
  readonly folder: string;
  /** Whether a file, by its path in the folder, is of this place. */
  readonly takes: (path: string) => boolean;
  /** Folders in it as well; true where absent. */
  readonly isDeep?: boolean;
}

export function filesOf({ name, folder, takes, isDeep = true }: FolderPlace): Place {
  return {
    name,
    *pieces(overlap) {
      for (const path of filesIn(folder, isDeep)) {
        if (takes(path)) yield* piecesOf(join(folder, path), path, overlap);
      }
    },
  };
}

/** Paths of all files below a folder, without what is no file. */
function filesIn(folder: string, recursive: boolean): string[] {
  const entries = readdirSync(folder, { withFileTypes: true, recursive });
  return entries.filter((entry) => entry.isFile()).map((entry) => pathOf(folder, entry));
}

function pathOf(folder: string, { name, parentPath }: Dirent): string {
  return relative(folder, join(parentPath, name));
}

function* piecesOf(file: string, source: string, overlap: number): Generator<Piece> {
  let descriptor: number;
  try {
    descriptor = openSync(file, 'r');
  } catch {
    return; // it was removed
  }
  try {
    for (let from = 0; ; from += PIECE_BYTES) {
      const length = readSync(descriptor, piece, 0, PIECE_BYTES + overlap, from);
      yield { source, from, bytes: piece.subarray(0, length), before: PIECE_BYTES };
      if (length <= PIECE_BYTES) return;
    }
  } finally {
    closeSync(descriptor);
  }
}
