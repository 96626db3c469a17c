-- When a pair ended, so that a request that is made again later is withdrawn as of then. For pairs that ended before, the
-- instant is not known; this one stands for it.
ALTER TABLE pairs ALTER COLUMN ended DROP DEFAULT;
ALTER TABLE pairs ALTER COLUMN ended DROP NOT NULL;
ALTER TABLE pairs ALTER COLUMN ended TYPE timestamptz USING CASE WHEN ended THEN clock_timestamp() END;
ALTER TABLE pairs RENAME COLUMN ended TO ended_at;
