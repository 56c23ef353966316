-- Most records are a little larger than the two kilobytes from which PostgreSQL looks for something to compress: that took as long again as
-- writing them. Up to four they are kept as they are.
ALTER TABLE staging.records SET (toast_tuple_target = 4080);

-- The index over record, code, field and ordinal begins with the record.
DROP INDEX staging.ix_issues_record_id;
