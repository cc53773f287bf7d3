import assert from 'node:assert/strict';
import { describe, it } from 'node:test';
import { jobDetailSchema, jobPageSchema, jobSchema, retriedSchema } from '../../src/http/contract/job.ts';
import { problemOf } from './expectations.ts';
import { fakeJobs, JOB, parseEvents, send, startServer } from './harness.ts';

const JOBS = '/api/v1/rag/jobs';
const DOCUMENTS = '/api/v1/rag/collections/docs/documents';

describe('jobs', () => {
  it('are listed and shown with rate, estimate and failures', async () => {
    await using server = await startServer();
    const listed = jobPageSchema.parse(JSON.parse((await send(server, { path: JOBS })).body));
    assert.deepEqual(
      listed.items.map(({ id }) => id),
      [JOB.id],
    );
    const response = await send(server, { path: `${JOBS}/${JOB.id}` });
    const shown = jobDetailSchema.parse(JSON.parse(response.body));
    // One item of three in two seconds.
    assert.deepEqual([shown.items_per_second, shown.chunks_per_second, shown.remaining_seconds], [0.5, 2, 4]);
    assert.deepEqual(
      shown.failures.map(({ item, problem }) => [item, problem.code, problem.advice.length > 10]),
      [['broken.json', 'document_malformed', true]],
    );
  });

  it('are asked for by state, and refuse what they do not know', async () => {
    const states: unknown[] = [];
    await using server = await startServer({
      jobs: {
        ...fakeJobs(),
        async list(_tenant, request) {
          states.push(request.state);
          return { items: [], nextCursor: null };
        },
      },
    });
    assert.equal((await send(server, { path: `${JOBS}?state=paused` })).status, 200);
    assert.deepEqual(states, ['paused']);
    problemOf(await send(server, { path: `${JOBS}?state=lost` }), 400, 'invalid_request');
  });

  it('that are not there are 404 for every request', async () => {
    await using server = await startServer();
    for (const id of ['nope', 'd'.repeat(32)]) {
      problemOf(await send(server, { path: `${JOBS}/${id}` }), 404, 'job_not_found');
      problemOf(await send(server, { path: `${JOBS}/${id}/events` }), 404, 'job_not_found');
      for (const action of ['cancel', 'pause', 'resume', 'retry']) {
        const path = `${JOBS}/${id}/${action}`;
        problemOf(await send(server, { method: 'POST', path }), 404, 'job_not_found');
      }
    }
  });

  it('are steered', async () => {
    await using server = await startServer();
    const states: string[] = [];
    for (const action of ['cancel', 'pause', 'resume', 'retry']) {
      const response = await send(server, { method: 'POST', path: `${JOBS}/${JOB.id}/${action}` });
      assert.equal(response.status, 200);
      states.push(jobSchema.parse(JSON.parse(response.body)).state);
    }
    assert.deepEqual(states, ['cancelled', 'paused', 'running', 'queued']);
  });

  it('are watched until they have ended', async () => {
    await using server = await startServer();
    const response = await send(server, { path: `${JOBS}/${JOB.id}/events` });
    assert.match(response.headers['content-type'] ?? '', /^text\/event-stream/);
    const events = parseEvents(response.body);
    assert.deepEqual(
      events.map(({ event, data }) => [event, jobSchema.parse(data).state]),
      [
        ['progress', 'running'],
        ['final', 'done'],
      ],
    );
  });

  it('try failed documents again: all of a collection, or one', async () => {
    await using server = await startServer();
    const all = await send(server, { method: 'POST', path: `${DOCUMENTS}/retry` });
    assert.equal(all.status, 202);
    assert.equal(all.headers.location, `${JOBS}/${JOB.id}`);
    assert.equal(retriedSchema.parse(JSON.parse(all.body)).job?.id, JOB.id);
    const one = await send(server, { method: 'POST', path: `${DOCUMENTS}/${'e'.repeat(32)}/retry` });
    assert.equal(one.status, 202);
    assert.equal(one.headers.location, undefined);
    assert.equal(retriedSchema.parse(JSON.parse(one.body)).job, null);
  });
});
