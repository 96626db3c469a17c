-- With a person go the answers that were kept for repeated requests, where they may name them.
CREATE OR REPLACE FUNCTION keep_member() RETURNS trigger LANGUAGE plpgsql SECURITY DEFINER
    SET search_path = pg_catalog, directory, pg_temp
    AS $$
BEGIN
    IF TG_OP = 'INSERT' THEN
        INSERT INTO members (person_id, institution_id, sign_in_key, status)
        VALUES (NEW.person_id, NEW.institution_id, NEW.sign_in_key,
            CASE NEW.status WHEN 'active' THEN 'here' ELSE NEW.status END);
        RETURN NULL;
    END IF;
    UPDATE members
    SET status = CASE NEW.status WHEN 'active' THEN 'here' ELSE NEW.status END,
        sign_in_key = CASE NEW.status WHEN 'erased' THEN 'erased ' || NEW.person_id ELSE NEW.sign_in_key END
    WHERE person_id = NEW.person_id;
    IF NEW.status = 'erased' THEN
        -- Answers that were kept for repeated requests: this person's own, and those that show rosters.
        DELETE FROM idempotency_keys
        WHERE institution_id = NEW.institution_id AND (person_id = NEW.person_id OR operation LIKE 'directory.%\_roster');
    END IF;
    RETURN NULL;
END $$;
CREATE POLICY keeper ON idempotency_keys TO directory_owner USING (true);
