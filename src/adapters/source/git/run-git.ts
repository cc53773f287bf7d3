import { spawn, type ChildProcessByStdio } from 'node:child_process';
import type { Readable, Writable } from 'node:stream';
import { HoldfastError } from '../../../core/errors.ts';

export type GitProcess = ChildProcessByStdio<Writable, Readable, Readable>;

/**
 * What a repository says must run nothing and reach nothing: no configuration but its own, no protocol for a lazy
 * fetch, no replaced objects, nobody to ask for a password.
 */
const ENVIRONMENT = {
  PATH:
    process.platform === 'win32'
      ? 'C:\\Program Files\\Git\\cmd'
      : '/usr/local/bin:/usr/bin:/bin:/opt/homebrew/bin',
  LC_ALL: 'C',
  GIT_CONFIG_NOSYSTEM: '1',
  GIT_CONFIG_GLOBAL: process.platform === 'win32' ? 'NUL' : '/dev/null',
  GIT_ATTR_NOSYSTEM: '1',
  GIT_NO_LAZY_FETCH: '1',
  GIT_NO_REPLACE_OBJECTS: '1',
  GIT_OPTIONAL_LOCKS: '0',
  GIT_TERMINAL_PROMPT: '0',
  GIT_ALLOW_PROTOCOL: 'none',
} as const;

/** The owner of a repository is not asked for: all that is run are commands that read objects. */
const SETTINGS = ['safe.directory=*', 'core.fsmonitor=false', 'core.hooksPath=/dev/null', 'core.pager=cat'];

/** Starts a command of git that only reads objects. The caller sees to its end. */
export function startGit(gitFolder: string, command: readonly string[]): GitProcess {
  const settings = SETTINGS.flatMap((setting) => ['-c', setting]);
  return spawn('git', ['--no-pager', `--git-dir=${gitFolder}`, ...settings, ...command], {
    env: ENVIRONMENT,
    cwd: gitFolder,
    stdio: ['pipe', 'pipe', 'pipe'],
  });
}

/**
 * The output of a command, in pieces. @throws HoldfastError `git_unreadable` with what git says, when it is missing or
 * fails.
 */
export async function* gitOutput(
  gitFolder: string,
  command: readonly string[],
  signal: AbortSignal,
): AsyncGenerator<Buffer> {
  const git = startGit(gitFolder, command);
  const ended = Promise.withResolvers<number | null>();
  git.on('error', ended.reject);
  git.on('close', ended.resolve);
  // Seen below, unless the reader leaves before.
  ended.promise.catch(() => undefined);
  const complaints: Buffer[] = [];
  git.stderr.on('data', (piece: Buffer) => complaints.length < 16 && complaints.push(piece));
  git.stdin.on('error', () => undefined);
  git.stdin.end();
  const stop = (): void => void git.kill('SIGKILL');
  signal.addEventListener('abort', stop, { once: true });
  try {
    for await (const piece of git.stdout) yield piece as Buffer;
    const status = await ended.promise;
    signal.throwIfAborted();
    if (status !== 0) throw gitFailure(gitFolder, Buffer.concat(complaints).toString());
  } catch (error) {
    throw spawnError(gitFolder, error);
  } finally {
    signal.removeEventListener('abort', stop);
    stop();
  }
}

/** What an error of starting git means. */
export function spawnError(gitFolder: string, error: unknown): unknown {
  return (error as NodeJS.ErrnoException).code === 'ENOENT'
    ? gitFailure(gitFolder, 'the command git is not installed')
    : error;
}

export function gitFailure(gitFolder: string, complaint: string): HoldfastError {
  const reason = complaint.trim().split('\n')[0]?.slice(0, 300) ?? '';
  return new HoldfastError(
    'git_unreadable',
    `${gitFolder}: ${reason === '' ? 'git ended without a word' : reason}`,
  );
}
