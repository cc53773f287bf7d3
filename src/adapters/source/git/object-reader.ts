import { HoldfastError } from '../../../core/errors.ts';
import { createMutex } from '../../../lib/mutex.ts';
import { gitFailure, spawnError, startGit, type GitProcess } from './run-git.ts';

export interface ObjectReader extends Disposable {
  /**
   * The bytes of an object, by a name such as `HEAD:docs/a.md`; null when there is none.
   * @throws HoldfastError `document_too_large`, `git_unreadable`.
   */
  read(name: string, maxBytes: number): Promise<Uint8Array | null>;
}

/** How long a process of git is kept that nobody asks anything. */
const IDLE_MS = 2000;

/** Reads objects of one repository through one process of `git cat-file`, one after the other. */
export function objectReader(gitFolder: string): ObjectReader {
  const turns = createMutex();
  let running: Conversation | null = null;
  let idle: NodeJS.Timeout | undefined;
  const stop = (): void => {
    clearTimeout(idle);
    running?.process.kill('SIGKILL');
    running = null;
  };
  return {
    read: async (name, maxBytes) =>
      turns.run(async () => {
        clearTimeout(idle);
        running ??= converse(gitFolder);
        try {
          const bytes = await ask(running, { name, maxBytes, gitFolder });
          idle = setTimeout(stop, IDLE_MS);
          return bytes;
        } catch (error) {
          // Whatever is left of an answer would be taken for the next one.
          stop();
          throw error;
        }
      }),
    [Symbol.dispose]: stop,
  };
}

interface Conversation {
  readonly process: GitProcess;
  readonly pieces: AsyncIterator<Buffer>;
  rest: Buffer;
  failure: unknown;
  /** Resolves once it has ended and everything that it said has come. */
  readonly over: Promise<void>;
}

function converse(gitFolder: string): Conversation {
  const git = startGit(gitFolder, ['cat-file', '--batch', '-z']);
  const conversation: Conversation = {
    process: git,
    pieces: git.stdout[Symbol.asyncIterator]() as AsyncIterator<Buffer>,
    rest: Buffer.alloc(0),
    failure: null,
    over: new Promise((resolve) => git.once('close', () => resolve())),
  };
  git.on('error', (error) => (conversation.failure = error));
  git.stdin.on('error', () => undefined);
  git.stderr.on(
    'data',
    (piece: Buffer) => (conversation.failure ??= gitFailure(gitFolder, piece.toString())),
  );
  return conversation;
}

interface Question {
  readonly name: string;
  readonly maxBytes: number;
  readonly gitFolder: string;
}

async function ask(
  conversation: Conversation,
  { name, maxBytes, gitFolder }: Question,
): Promise<Uint8Array | null> {
  conversation.process.stdin.write(`${name}\0`);
  const missing = `${name} missing\n`;
  let head = '';
  // The name of a missing object may itself hold line breaks.
  do head += `${await takeLine(conversation, gitFolder)}\n`;
  while (missing.startsWith(head) && head !== missing);
  if (head === missing) return null;
  const [, type, size] = /^[0-9a-f]{40,64} (\w+) (\d+)\n$/.exec(head) ?? [];
  if (type === undefined) throw gitFailure(gitFolder, `unexpected answer ${head}`);
  if (Number(size) > maxBytes)
    throw new HoldfastError('document_too_large', `${name} has ${size} bytes; at most ${maxBytes} are read`);
  const bytes = await take(conversation, Number(size) + 1, gitFolder);
  return type === 'blob' ? bytes.subarray(0, -1) : null;
}

async function takeLine(conversation: Conversation, gitFolder: string): Promise<string> {
  let length = conversation.rest.indexOf('\n');
  while (length < 0) {
    await more(conversation, gitFolder);
    length = conversation.rest.indexOf('\n');
  }
  const line = conversation.rest.subarray(0, length).toString();
  conversation.rest = conversation.rest.subarray(length + 1);
  return line;
}

async function take(conversation: Conversation, length: number, gitFolder: string): Promise<Buffer> {
  const pieces: Buffer[] = [];
  let left = length;
  for (;;) {
    const piece = conversation.rest.subarray(0, left);
    pieces.push(piece);
    left -= piece.length;
    conversation.rest = conversation.rest.subarray(piece.length);
    if (left === 0) return Buffer.concat(pieces, length);
    await more(conversation, gitFolder);
  }
}

async function more(conversation: Conversation, gitFolder: string): Promise<void> {
  const { value, done } = await conversation.pieces.next();
  if (done === true) {
    // Why it ended comes on another stream, perhaps later.
    conversation.process.kill('SIGKILL');
    await conversation.over;
    throw spawnError(gitFolder, conversation.failure ?? gitFailure(gitFolder, 'git ended in the middle'));
  }
  conversation.rest = conversation.rest.length === 0 ? value : Buffer.concat([conversation.rest, value]);
}
