-- Field mappings that engineers correct and keep are audited, like everything else that people set.

set local search_path = public;

create trigger audit_insert after insert on staging.source_mappings referencing new table as new_rows for each statement
    execute function audit_change('{source_mapping_id}', '', '{}', '{}');
create trigger audit_update after update on staging.source_mappings referencing old table as old_rows new table as new_rows for each statement
    execute function audit_change('{source_mapping_id}', '', '{}', '{}');
create trigger audit_delete after delete on staging.source_mappings referencing old table as old_rows for each statement
    execute function audit_change('{source_mapping_id}', '', '{}', '{}');
create trigger audit_truncate before truncate on staging.source_mappings for each statement execute function audit_no_truncate();
