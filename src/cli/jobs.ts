import type { Client } from '../app/client.ts';
import { HoldfastError } from '../core/errors.ts';
import type { WireJob, WireJobDetail } from '../http/contract/job.ts';
import { EXIT, textFlag, type Command, type Invocation } from './command.ts';
import { duration } from './progress-line.ts';
import { withClient } from './with-client.ts';

const STEERING = ['cancel', 'pause', 'resume', 'retry'] as const;
type Steering = (typeof STEERING)[number];

export const jobs: Command = {
  name: 'jobs',
  usage: '[show|watch|cancel|pause|resume|retry ID]',
  summary: 'Lists, shows, watches and steers jobs: uploads, ingests, retries.',
  options: { state: { type: 'string' } },
  optionHelp: {
    '--state STATE': 'list: only these: queued, running, paused, done, failed or cancelled',
  },
  async run(invocation) {
    const [action = 'list', id] = invocation.words;
    if (!['list', 'show', 'watch', ...STEERING].includes(action))
      throw new HoldfastError('invalid_usage', `holdfast jobs does not know "${action}"`);
    if (action !== 'list' && id === undefined)
      throw new HoldfastError('invalid_usage', `holdfast jobs ${action} needs the id of a job`);
    return withClient(invocation, async (client) => {
      if (id === undefined) return list(invocation, client);
      if (action === 'show') return show(invocation, await client.getJob(id));
      if (action === 'watch') return watch(invocation, client, id);
      return steered(invocation, await client.steerJob(id, action as Steering));
    });
  },
};

async function list({ flags, output, isJson }: Invocation, client: Client): Promise<number> {
  const state = textFlag(flags, 'state');
  const page = await client.listJobs({ limit: '100', ...(state === undefined ? {} : { state }) });
  if (isJson) output.json(page);
  else for (const job of page.items) output.result(jobLine(job));
  return EXIT.done;
}

function show({ output, isJson }: Invocation, job: WireJobDetail): number {
  if (isJson) output.json(job);
  else {
    output.result(jobLine(job));
    for (const { item, problem } of job.failures)
      output.result(`failed: ${item}: ${problem.reason} (${problem.code}). ${problem.advice}`);
  }
  return EXIT.done;
}

async function watch({ output, isJson }: Invocation, client: Client, id: string): Promise<number> {
  let last: WireJob | null = null;
  for await (const job of client.watchJob(id, new AbortController().signal)) {
    last = job;
    output.progress(jobLine(job));
  }
  output.progressDone();
  if (last === null) return EXIT.failed;
  if (isJson) output.json(last);
  else output.result(jobLine(last));
  return last.state === 'done' && last.counts.failed === 0 ? EXIT.done : EXIT.failed;
}

function steered({ output, isJson }: Invocation, job: WireJob): number {
  if (isJson) output.json(job);
  else output.result(jobLine(job));
  return EXIT.done;
}

/** A job in one line. */
export function jobLine(job: WireJob): string {
  const { queued, working, added, updated, unchanged, removed, failed, skipped, cancelled } = job.counts;
  const counts = { queued, working, added, updated, unchanged, removed, failed, skipped, cancelled };
  const parts = Object.entries(counts)
    .filter(([, count]) => count > 0)
    .map(([what, count]) => `${count} ${what}`);
  const { chunks_per_second: rate, remaining_seconds: left } = job;
  if (job.finished_at === null && rate !== null && rate > 0) parts.push(`${rate} passages/s`);
  if (job.finished_at === null && left !== null) parts.push(`about ${duration(left)} left`);
  const why = job.problem === null ? '' : ` — ${job.problem.reason} (${job.problem.code})`;
  return `${job.id}  ${job.state.padEnd(9)} ${job.kind} into ${job.collection}: ${parts.join(', ') || 'nothing yet'}${why}`;
}
