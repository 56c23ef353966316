-- Questions that want the same suggestion, and the records of one county, are found at once, however many records a run has.
CREATE INDEX ix_issues_alike ON staging.issues (md5(suggestion ->> 'shown'), code) WHERE asks AND state = 'open' AND suggestion IS NOT NULL;
CREATE INDEX ix_records_file_county ON staging.records (file_id, county_code);
