-- Indexes in the order in which the desk asks, so that the next question costs the same with ten of them as with a hundred thousand.

set local search_path = public;

create index ix_issues_queue on staging.issues
    (file_id, (case severity when 'error' then 1 when 'warning' then 2 else 3 end), (coalesce(points, 0)) desc, code, record_id, issue_id)
    where asks and state = 'open';
drop index staging.ix_match_results_open;
create index ix_match_results_queue on staging.match_results (run_id, priority desc, match_id) where is_open;
create index ix_match_results_right on staging.match_results (run_id, right_key);
create index ix_match_results_automatic on staging.match_results (run_id, question_key) where band = 'automatic';
create index ix_decisions_run on staging.decisions (run_id, decision_id) where replaced_at is null and answer <> 'undone';
create index ix_decisions_batch on staging.decisions ((evidence ->> 'batch')) where evidence ? 'batch';
