-- Nothing looks records up by the first of their cluster: those of a run are read together.
DROP INDEX staging.ix_records_cluster_id;

-- A record has a facility when it was committed: as it is written there is none.
DROP INDEX staging.ix_records_facility_id;
CREATE INDEX ix_records_facility_id ON staging.records (facility_id) WHERE facility_id IS NOT NULL;

-- Who writes quality_parts writes the columns beside it: to find each part in that JSON again took longer than storing it.
ALTER TABLE staging.records
    ALTER COLUMN completeness DROP EXPRESSION, ALTER COLUMN accuracy DROP EXPRESSION, ALTER COLUMN consistency DROP EXPRESSION,
    ALTER COLUMN timeliness DROP EXPRESSION, ALTER COLUMN uniqueness DROP EXPRESSION;
