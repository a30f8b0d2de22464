// The schema, as numbered steps: a step is never edited once it was released, only followed by another.
// `PRAGMA user_version` says how many a database has taken.

// Columns of JSON hold it as the wire spells it, so that search reads them as they are.
const CREATE = `
CREATE TABLE tasks (
  seq                 INTEGER PRIMARY KEY,
  task_id             TEXT    NOT NULL UNIQUE,
  group_id            TEXT,
  parent_id           TEXT,
  call                TEXT    NOT NULL,
  args                TEXT    NOT NULL, -- JSON
  tags                TEXT    NOT NULL, -- JSON
  resources           TEXT    NOT NULL, -- JSON
  dependencies        TEXT    NOT NULL, -- JSON
  priority            REAL    NOT NULL,
  cancellable         INTEGER NOT NULL,
  principal           TEXT,
  submit_ms           INTEGER NOT NULL,
  place               INTEGER,
  value               TEXT    NOT NULL, -- the state node; \`state\` is its name on the wire
  state               TEXT    NOT NULL,
  unfinished          INTEGER NOT NULL,
  ready               INTEGER NOT NULL,
  response            TEXT    NOT NULL,
  reasons             TEXT    NOT NULL, -- JSON
  blockers            INTEGER NOT NULL,
  unplaced            INTEGER NOT NULL,
  wake_at_ms          INTEGER,
  dependency_failures TEXT    NOT NULL, -- JSON
  attempt             INTEGER NOT NULL,
  interruptions       INTEGER NOT NULL,
  failed_attempts     INTEGER NOT NULL,
  stop_cause          TEXT,
  progress            TEXT    NOT NULL, -- JSON
  result              TEXT    NOT NULL, -- JSON
  location            TEXT,
  error               TEXT,             -- JSON
  exception           TEXT,
  traceback           TEXT,
  error_status        INTEGER,
  spawned_tasks       TEXT    NOT NULL, -- JSON
  worker              TEXT,
  start_ms            INTEGER,
  finish_ms           INTEGER,
  rev                 INTEGER NOT NULL
) STRICT;
CREATE INDEX tasks_ready       ON tasks (priority DESC, place) WHERE ready = 1;
CREATE INDEX tasks_wake        ON tasks (wake_at_ms, seq) WHERE wake_at_ms IS NOT NULL;
CREATE INDEX tasks_unfinished  ON tasks (seq, call) WHERE unfinished = 1;
CREATE INDEX tasks_state       ON tasks (state, seq);
CREATE INDEX tasks_group       ON tasks (group_id, seq) WHERE group_id IS NOT NULL;
CREATE INDEX tasks_group_state ON tasks (group_id, state, seq) WHERE group_id IS NOT NULL;
CREATE INDEX tasks_children    ON tasks (parent_id, seq) WHERE parent_id IS NOT NULL AND unfinished = 1;

CREATE TABLE task_tags (
  unfinished INTEGER NOT NULL,
  tag        TEXT    NOT NULL,
  seq        INTEGER NOT NULL,
  PRIMARY KEY (unfinished, tag, seq)
) STRICT, WITHOUT ROWID;

CREATE TABLE task_groups (
  seq        INTEGER PRIMARY KEY,
  group_id   TEXT    NOT NULL UNIQUE,
  tags       TEXT    NOT NULL, -- JSON
  on_failure TEXT    NOT NULL,
  submit_ms  INTEGER NOT NULL,
  value      TEXT    NOT NULL,
  settled    INTEGER NOT NULL,
  unfinished INTEGER NOT NULL, -- how many of its tasks
  waiting    INTEGER NOT NULL,
  suspended  INTEGER NOT NULL,
  running    INTEGER NOT NULL,
  finished   INTEGER NOT NULL,
  error      INTEGER NOT NULL,
  canceled   INTEGER NOT NULL,
  skipped    INTEGER NOT NULL,
  cancel_accepted INTEGER NOT NULL,
  finish_ms  INTEGER,
  rev        INTEGER NOT NULL
) STRICT;
CREATE INDEX task_groups_active    ON task_groups (seq, group_id) WHERE unfinished > 0;
CREATE INDEX task_groups_unsettled ON task_groups (seq) WHERE settled = 0;

CREATE TABLE reservations (
  resource_type TEXT    NOT NULL,
  resource_id   TEXT    NOT NULL,
  place         INTEGER NOT NULL,
  operation     TEXT    NOT NULL,
  task_id       TEXT    NOT NULL,
  granted       INTEGER NOT NULL,
  sharing       INTEGER NOT NULL, -- whether its task uses other resources too
  PRIMARY KEY (resource_type, resource_id, place)
) STRICT, WITHOUT ROWID;
CREATE INDEX reservations_first   ON reservations (resource_type, resource_id, operation, place);
CREATE INDEX reservations_waiting ON reservations (resource_type, resource_id, operation, place) WHERE granted = 0;
CREATE INDEX reservations_sharing ON reservations (resource_type, resource_id, place) WHERE sharing = 1;

CREATE TABLE task_dependencies (
  dependency_id TEXT    NOT NULL,
  dependant_seq INTEGER NOT NULL,
  dependant_id  TEXT    NOT NULL,
  states        TEXT    NOT NULL, -- JSON
  PRIMARY KEY (dependency_id, dependant_seq)
) STRICT, WITHOUT ROWID;

CREATE TABLE task_events (
  event_id INTEGER PRIMARY KEY,
  at_ms    INTEGER NOT NULL,
  task_id  TEXT,
  group_id TEXT,
  type     TEXT    NOT NULL,
  attempt  INTEGER,
  value    TEXT    NOT NULL,
  data     TEXT    NOT NULL  -- JSON
) STRICT;
CREATE INDEX task_events_task  ON task_events (task_id, event_id) WHERE task_id IS NOT NULL;
CREATE INDEX task_events_group ON task_events (group_id, event_id) WHERE group_id IS NOT NULL;

CREATE TABLE idempotency (
  key          TEXT    PRIMARY KEY,
  fingerprint  TEXT    NOT NULL,
  submitted_ms INTEGER NOT NULL,
  reply        TEXT    NOT NULL, -- JSON
  answer       TEXT    NOT NULL  -- JSON
) STRICT, WITHOUT ROWID;
CREATE INDEX idempotency_age ON idempotency (submitted_ms);

CREATE TABLE counters (
  id    INTEGER PRIMARY KEY CHECK (id = 1),
  seq   INTEGER NOT NULL,
  place INTEGER NOT NULL,
  rev   INTEGER NOT NULL
) STRICT;
INSERT INTO counters (id, seq, place, rev) VALUES (1, 0, 0, 0);
`

// Reservations and dependants follow from the rows of unfinished tasks, and so does which of them have a tag:
// that is kept in memory alone.
// Indexes of what is unfinished are apart from those of what has ended, so that a change of state moves
// no more than it must. The history is kept in chunks: the events of one group (or of none) whose numbers
// share a block of 1 024, from one commit; a task's row names the chunks that hold its events.
const REARRANGE = `
CREATE TABLE arranged_tasks (
  seq                 INTEGER PRIMARY KEY,
  task_id             TEXT    NOT NULL UNIQUE,
  group_id            TEXT,
  parent_id           TEXT,
  call                TEXT    NOT NULL,
  args                TEXT    NOT NULL, -- JSON
  tags                TEXT    NOT NULL, -- JSON
  resources           TEXT    NOT NULL, -- JSON
  dependencies        TEXT    NOT NULL, -- JSON
  priority            REAL    NOT NULL,
  cancellable         INTEGER NOT NULL,
  principal           TEXT,
  submit_ms           INTEGER NOT NULL,
  place               INTEGER,
  value               TEXT    NOT NULL, -- the state node; \`state\` is its name on the wire
  state               TEXT    NOT NULL,
  unfinished          INTEGER NOT NULL,
  response            TEXT    NOT NULL,
  reasons             TEXT    NOT NULL DEFAULT '[]', -- JSON
  blockers            INTEGER NOT NULL,
  unplaced            INTEGER NOT NULL,
  wake_at_ms          INTEGER,
  dependency_failures TEXT    NOT NULL DEFAULT '{}', -- JSON
  attempt             INTEGER NOT NULL DEFAULT 1,
  interruptions       INTEGER NOT NULL DEFAULT 0,
  failed_attempts     INTEGER NOT NULL DEFAULT 0,
  stop_cause          TEXT,
  progress            TEXT    NOT NULL DEFAULT '{}', -- JSON
  result              TEXT    NOT NULL DEFAULT 'null', -- JSON
  location            TEXT,
  error               TEXT,             -- JSON
  exception           TEXT,
  traceback           TEXT,
  error_status        INTEGER,
  spawned_tasks       TEXT    NOT NULL DEFAULT '[]', -- JSON
  worker              TEXT,
  start_ms            INTEGER,
  finish_ms           INTEGER,
  rev                 INTEGER NOT NULL,
  history             TEXT    NOT NULL DEFAULT '' -- chunks with its events, with commas between
) STRICT;
INSERT INTO arranged_tasks SELECT seq, task_id, group_id, parent_id, call, args, tags, resources, dependencies,
  priority, cancellable, principal, submit_ms, place, value, state, unfinished, response, reasons, blockers,
  unplaced, wake_at_ms, dependency_failures, attempt, interruptions, failed_attempts, stop_cause, progress,
  result, location, error, exception, traceback, error_status, spawned_tasks, worker, start_ms, finish_ms,
  rev, '' FROM tasks;
DROP TABLE tasks;
ALTER TABLE arranged_tasks RENAME TO tasks;
CREATE INDEX tasks_wake             ON tasks (wake_at_ms, seq) WHERE wake_at_ms IS NOT NULL;
CREATE INDEX tasks_unfinished       ON tasks (seq, call) WHERE unfinished = 1;
CREATE INDEX tasks_running          ON tasks (seq) WHERE state = 'running';
CREATE INDEX tasks_suspended        ON tasks (seq) WHERE state = 'suspended';
CREATE INDEX tasks_final            ON tasks (state, seq) WHERE unfinished = 0;
CREATE INDEX tasks_group_unfinished ON tasks (group_id, seq) WHERE unfinished = 1 AND group_id IS NOT NULL;
CREATE INDEX tasks_group_final      ON tasks (group_id, state, seq) WHERE unfinished = 0 AND group_id IS NOT NULL;

CREATE TABLE arranged_tags (
  tag TEXT    NOT NULL,
  seq INTEGER NOT NULL,
  PRIMARY KEY (tag, seq)
) STRICT, WITHOUT ROWID;
INSERT INTO arranged_tags SELECT tag, seq FROM task_tags ORDER BY tag, seq;
DROP TABLE task_tags;
ALTER TABLE arranged_tags RENAME TO task_tags;

CREATE TABLE history (
  first_id INTEGER PRIMARY KEY, -- the lowest number in the chunk
  last_id  INTEGER NOT NULL,    -- the highest
  group_id TEXT,
  events   TEXT    NOT NULL     -- JSON: [[event_id, at_ms, task_id, type, attempt, value, data], …]
) STRICT;
CREATE INDEX history_group ON history (group_id, first_id) WHERE group_id IS NOT NULL;
INSERT INTO history SELECT min(event_id), max(event_id), group_id, json_group_array(
    json_array(event_id, at_ms, task_id, type, attempt, value, json(data)))
  FROM task_events GROUP BY event_id >> 10, group_id;
UPDATE tasks SET history = ifnull((SELECT group_concat(DISTINCT h.first_id) FROM task_events AS e
  JOIN history AS h ON h.first_id BETWEEN (e.event_id >> 10) << 10 AND ((e.event_id >> 10) << 10) + 1023
    AND h.group_id IS e.group_id WHERE e.task_id = tasks.task_id), '');
DROP TABLE task_events;
DROP TABLE reservations;
DROP TABLE task_dependencies;
`

// What commits say of tasks, until it is in their rows. The index of active groups goes, which every change of a
// task of theirs had to write: groups that have not settled are few, and have an index.
const KEEP_JOURNAL = `
CREATE TABLE journal (
  id    INTEGER PRIMARY KEY,
  entry TEXT    NOT NULL -- JSON: [seq, parts, parts as before, value, …, seq, …]
) STRICT;
DROP INDEX task_groups_active;
`

/** Step n takes a database from version n to n + 1. */
export const MIGRATIONS: readonly string[] = [CREATE, REARRANGE, KEEP_JOURNAL]
