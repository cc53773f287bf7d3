/**
 * Jobs and tasks. The triggers keep what must hold after every transaction: the counters of a job, that it ends with
 * its last task, and that it runs from its first.
 */
export const JOBS_MIGRATION = `
  ALTER TABLE documents ADD COLUMN tries INTEGER NOT NULL DEFAULT 1;

  CREATE TABLE jobs (
    key INTEGER PRIMARY KEY AUTOINCREMENT,
    id TEXT NOT NULL UNIQUE,
    collection INTEGER NOT NULL REFERENCES collections (key),
    tenant TEXT NOT NULL,
    kind TEXT NOT NULL,
    state TEXT NOT NULL,
    priority INTEGER NOT NULL,
    sync TEXT,
    problem_code TEXT,
    problem_reason TEXT,
    created_at INTEGER NOT NULL,
    started_at INTEGER,
    finished_at INTEGER,
    -- 1: the listing is queued, 2: it runs, 0: there is none, or it has ended.
    listing INTEGER NOT NULL DEFAULT 0,
    listing_failed INTEGER NOT NULL DEFAULT 0,
    found INTEGER NOT NULL DEFAULT 0,
    unchanged INTEGER NOT NULL DEFAULT 0,
    removed INTEGER NOT NULL DEFAULT 0,
    queued INTEGER NOT NULL DEFAULT 0,
    working INTEGER NOT NULL DEFAULT 0,
    added INTEGER NOT NULL DEFAULT 0,
    updated INTEGER NOT NULL DEFAULT 0,
    failed INTEGER NOT NULL DEFAULT 0,
    skipped INTEGER NOT NULL DEFAULT 0,
    superseded INTEGER NOT NULL DEFAULT 0,
    cancelled INTEGER NOT NULL DEFAULT 0,
    documents INTEGER NOT NULL DEFAULT 0,
    chunks INTEGER NOT NULL DEFAULT 0,
    size_bytes INTEGER NOT NULL DEFAULT 0
  ) STRICT;
  CREATE INDEX jobs_of_tenant ON jobs (tenant, key);
  CREATE INDEX jobs_of_collection ON jobs (collection, kind, key);
  CREATE INDEX jobs_to_do ON jobs (priority, tenant, key) WHERE state IN ('queued', 'running') AND queued > 0;

  CREATE TABLE tasks (
    key INTEGER PRIMARY KEY AUTOINCREMENT,
    job INTEGER NOT NULL REFERENCES jobs (key),
    collection INTEGER NOT NULL REFERENCES collections (key),
    kind TEXT NOT NULL,
    item TEXT NOT NULL,
    origin TEXT NOT NULL,
    input TEXT NOT NULL,
    content_hash TEXT,
    size_bytes INTEGER NOT NULL,
    is_new INTEGER NOT NULL,
    state TEXT NOT NULL,
    step TEXT,
    outcome TEXT,
    tries INTEGER NOT NULL DEFAULT 0,
    crashes INTEGER NOT NULL DEFAULT 0,
    not_before INTEGER NOT NULL DEFAULT 0,
    lease TEXT,
    lease_until INTEGER,
    since INTEGER NOT NULL,
    problem_code TEXT,
    problem_reason TEXT
  ) STRICT;
  CREATE UNIQUE INDEX tasks_live ON tasks (collection, item) WHERE kind = 'document' AND state IN ('queued', 'working');
  CREATE INDEX tasks_of_item ON tasks (collection, item, key);
  CREATE INDEX tasks_of_job ON tasks (job, state, key);
  CREATE INDEX tasks_of_job_item ON tasks (job, item);
  CREATE INDEX tasks_due ON tasks (not_before) WHERE state = 'queued';
  CREATE INDEX tasks_leased ON tasks (lease_until) WHERE state = 'working';
  CREATE INDEX tasks_alone ON tasks (key) WHERE state = 'queued' AND crashes >= 2;
  CREATE INDEX tasks_content ON tasks (content_hash) WHERE content_hash IS NOT NULL AND state IN ('queued', 'working');

  CREATE INDEX tasks_left ON tasks (key) WHERE content_hash IS NOT NULL AND state IN ('superseded', 'cancelled');

  CREATE TRIGGER task_comes AFTER INSERT ON tasks BEGIN
    UPDATE jobs SET
      listing = listing + (new.kind = 'listing'),
      queued = queued + (new.state = 'queued'),
      failed = failed + (new.state = 'failed'),
      skipped = skipped + (new.state = 'skipped')
    WHERE key = new.job;
  END;

  CREATE TRIGGER task_turns AFTER UPDATE OF state ON tasks WHEN old.state <> new.state BEGIN
    UPDATE jobs SET
      listing = iif(new.kind = 'listing', (new.state = 'queued') + 2 * (new.state = 'working'), listing),
      queued = queued + (new.state = 'queued') - (old.state = 'queued'),
      working = working + (new.state = 'working') - (old.state = 'working'),
      added = added + (new.kind = 'document' AND new.is_new = 1) * ((new.state = 'done') - (old.state = 'done')),
      updated = updated + (new.kind = 'document' AND new.is_new = 0) * ((new.state = 'done') - (old.state = 'done')),
      failed = failed + (new.kind = 'document') * ((new.state = 'failed') - (old.state = 'failed')),
      skipped = skipped + (new.kind = 'document') * ((new.state = 'skipped') - (old.state = 'skipped')),
      superseded = superseded + (new.kind = 'document') * ((new.state = 'superseded') - (old.state = 'superseded')),
      cancelled = cancelled + (new.kind = 'document') * ((new.state = 'cancelled') - (old.state = 'cancelled'))
    WHERE key = new.job;
    UPDATE jobs SET state = 'running', started_at = coalesce(started_at, new.since)
    WHERE key = new.job AND new.state = 'working' AND state = 'queued';
    UPDATE jobs SET state = iif(listing_failed = 1, 'failed', 'done'), finished_at = new.since,
      problem_code = iif(listing_failed = 1, problem_code, NULL),
      problem_reason = iif(listing_failed = 1, problem_reason, NULL)
    WHERE key = new.job AND queued = 0 AND working = 0 AND state IN ('queued', 'running', 'paused');
  END;
`;
