-- A run tells of its last failure also after it was resumed and came to a good end; what was counted is kept across processes.

ALTER TABLE ops.etl_runs ADD COLUMN failed_at timestamptz, ADD COLUMN failure text;
UPDATE ops.etl_runs SET failed_at = ended_at, failure = concat_ws(' ', error, hint) WHERE status IN ('failed', 'interrupted');

CREATE TABLE ops.counters (
    name varchar(50) NOT NULL,
    total bigint NOT NULL,
    CONSTRAINT pk_counters PRIMARY KEY (name)
);
