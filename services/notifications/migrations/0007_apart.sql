-- What a message is about stands in a table that no request reads. This answers with yes or no: whether it is about the
-- two of a pair that went on after a notice which is over, and so no administrator's to see.
CREATE POLICY apart ON messages FOR SELECT TO notifications_owner USING (true);
CREATE POLICY apart ON causes FOR SELECT TO notifications_owner USING (true);
CREATE POLICY apart ON cut_offs FOR SELECT TO notifications_owner USING (true);
CREATE FUNCTION is_the_twos_alone(message uuid) RETURNS boolean LANGUAGE sql STABLE SECURITY DEFINER
    SET search_path = pg_catalog, notifications, pg_temp
    AS $$
        SELECT EXISTS (
            SELECT FROM messages m
            JOIN causes c ON c.cause_id = m.cause_id
            JOIN causes p ON p.mentor_id = c.mentor_id AND p.mentee_id = c.mentee_id
            JOIN cut_offs x ON x.pair_id = p.cause_id
            WHERE m.notification_id = message AND m.institution_id = ctx_institution()
        )
    $$;
GRANT EXECUTE ON FUNCTION is_the_twos_alone(uuid) TO notifications_app;
