import assert from 'node:assert/strict';
import { execFile } from 'node:child_process';
import { mkdir, mkdtemp, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { after, before, describe, test } from 'node:test';
import { fileURLToPath } from 'node:url';

const ROOT = fileURLToPath(new URL('../', import.meta.url));

interface Finished {
  readonly code: number;
  readonly stdout: string;
  readonly stderr: string;
}

async function holdfast(...args: readonly string[]): Promise<Finished> {
  return new Promise((resolve) => {
    execFile(
      process.execPath,
      [join(ROOT, 'bin/holdfast.js'), ...args],
      { env: {} },
      (error, stdout, stderr) => {
        resolve({ code: typeof error?.code === 'number' ? error.code : 0, stdout, stderr });
      },
    );
  });
}

interface Report {
  readonly set: string;
  readonly modes: Readonly<Record<string, Readonly<Record<string, number>>>>;
}

describe('holdfast eval', () => {
  let folder: string;

  before(async () => {
    folder = await mkdtemp(join(tmpdir(), 'holdfast-eval-test-'));
  });

  after(async () => rm(folder, { recursive: true }));

  test('measures a small set exactly', async () => {
    const set = join(folder, 'Small Set!');
    await mkdir(join(set, 'qrels'), { recursive: true });
    const corpus = [
      { _id: 'a', title: 'Backups', text: 'Backups run every night at two.' },
      { _id: 'b', title: 'Ports', text: 'The server listens on port 8600.' },
      { _id: 'c', title: 'Only a title about restores', text: '' },
    ];
    await writeFile(join(set, 'corpus.jsonl'), corpus.map((line) => JSON.stringify(line)).join('\n'));
    const queries = [
      { _id: '1', text: 'When do backups run?' },
      { _id: '2', text: 'restores' },
      { _id: '3', text: 'not judged' },
    ];
    await writeFile(join(set, 'queries.jsonl'), queries.map((line) => JSON.stringify(line)).join('\n'));
    await writeFile(join(set, 'qrels/test.tsv'), 'query-id\tcorpus-id\tscore\n1\ta\t1\n2\tc\t1\n');
    const { code, stdout } = await holdfast('eval', set, '--mode', 'lexical', '--json');
    assert.equal(code, 0);
    const report = JSON.parse(stdout) as Report;
    assert.equal(report.set, 'Small Set!');
    assert.deepEqual(report.modes, {
      lexical: { ndcg_at_10: 1, recall_at_10: 1, recall_at_100: 1, mrr_at_10: 1 },
    });
  });

  test('keeps the quality of hybrid retrieval on the set that the package carries', async () => {
    const { code, stdout } = await holdfast('eval', join(ROOT, 'eval/sets/claude-docs'), '--json');
    assert.equal(code, 0);
    const { modes } = JSON.parse(stdout) as Report;
    const at = (mode: string): number => modes[mode]?.['ndcg_at_10'] ?? 0;
    assert.ok(at('lexical') > 0.78, `lexical ${at('lexical')}`);
    assert.ok(at('dense') > 0.67, `dense ${at('dense')}`);
    assert.ok(at('hybrid') > 0.81, `hybrid ${at('hybrid')}`);
  });

  test('names the file that is missing', async () => {
    const { code, stderr } = await holdfast('eval', folder);
    assert.equal(code, 1);
    assert.match(stderr, /corpus\.jsonl cannot be read \(evaluation_set_invalid\)/);
  });

  test('names a mode that it does not know', async () => {
    const { code, stderr } = await holdfast('eval', folder, '--mode', 'quantum');
    assert.equal(code, 2);
    assert.match(stderr, /"quantum" is not one of lexical, dense, hybrid, all/);
  });
});
