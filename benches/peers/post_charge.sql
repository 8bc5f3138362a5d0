-- What a good SQL developer would write to post a charge: the same rows as the product's own, under the same locks in
-- the same order, with the same arithmetic, in one transaction. It has no chain of hashes, no limits, no rights.
CREATE SCHEMA peer;

-- A version 7 UUID, whose order is that of time, as the product's ids are.
CREATE FUNCTION peer.new_id() RETURNS uuid LANGUAGE sql VOLATILE PARALLEL SAFE AS $$
  SELECT encode(set_bit(set_bit(overlay(uuid_send(gen_random_uuid()) PLACING
    substring(int8send((extract(epoch FROM clock_timestamp()) * 1000)::bigint) FROM 3) FROM 1 FOR 6), 52, 1), 53, 1),
    'hex')::uuid
$$;

CREATE TYPE peer.posted_charge AS (charge_id uuid, external_id text, commission bigint, replayed boolean);

CREATE FUNCTION peer.post_charge(
  source text, external_id text, account_number text, kind text, description text, amount bigint,
  commissionable boolean, occurred_at timestamptz
) RETURNS peer.posted_charge LANGUAGE plpgsql AS $$
#variable_conflict use_column
DECLARE
  the_source ALIAS FOR $1; the_external_id ALIAS FOR $2; the_kind ALIAS FOR $4; the_description ALIAS FOR $5;
  the_amount ALIAS FOR $6; is_commissionable ALIAS FOR $7; happened ALIAS FOR $8;
  who record; known record; has record; owns record;
  now timestamptz; instant timestamptz; rate smallint; base bigint; exact bigint; earned bigint := 0; carried bigint;
  credited bigint; credited_version bigint;
  promo_part bigint; cash_part bigint; revenue text;
  charge_id uuid; transaction_id uuid; commission_id uuid;
BEGIN
  SELECT c.id, c.joined_at, c.status, f.agent_id, a.customer_id AS own_id INTO who
  FROM customer c
  LEFT JOIN affiliation f ON f.customer_id = c.id AND f.since <= happened AND (f.until IS NULL OR happened < f.until)
  LEFT JOIN agent a ON a.id = f.agent_id
  WHERE c.number = account_number;
  IF NOT FOUND THEN RAISE EXCEPTION 'no such account' USING ERRCODE = 'no_data_found'; END IF;

  -- One lock order for all: agents, then customers by id.
  IF who.agent_id IS NOT NULL THEN
    SELECT commission, commission_version, held, reserved, carry, event_seq INTO owns
    FROM agent_balance WHERE agent_id = who.agent_id FOR UPDATE;
  END IF;
  PERFORM FROM customer_balance WHERE customer_id IN (who.id, who.own_id) ORDER BY customer_id FOR UPDATE;
  SELECT cash, cash_version, promo, promo_version, event_seq INTO has FROM customer_balance WHERE customer_id = who.id;
  now := date_trunc('microseconds', clock_timestamp());
  instant := least(happened, now);

  -- The same external id again: the first answer, or a refusal (E30).
  SELECT c.id, c.customer_id, c.kind, c.amount, c.occurred_at, c.description, m.amount AS earned INTO known
  FROM charge c LEFT JOIN commission m ON m.charge_id = c.id AND m.kind = 'EARNED'
  WHERE c.external_id = the_external_id AND c.source = the_source;
  IF FOUND THEN
    IF known.customer_id <> who.id OR known.kind <> the_kind OR known.amount <> the_amount
      OR known.occurred_at <> happened OR known.description <> the_description THEN
      RAISE EXCEPTION 'external id reused' USING ERRCODE = 'unique_violation';
    END IF;
    RETURN (known.id, the_external_id, known.earned, true)::peer.posted_charge;
  END IF;
  IF the_amount <= 0 OR happened > now + interval '5 minutes' OR happened < who.joined_at THEN
    RAISE EXCEPTION 'invalid input' USING ERRCODE = 'check_violation';
  END IF;
  promo_part := least(the_amount, has.promo);
  cash_part := the_amount - promo_part;
  IF the_kind <> 'CALL' AND (cash_part > has.cash OR who.status NOT IN ('ACTIVE', 'PENDING')) THEN
    RAISE EXCEPTION 'insufficient funds' USING ERRCODE = 'check_violation';
  END IF;

  charge_id := peer.new_id(); transaction_id := peer.new_id(); commission_id := peer.new_id();
  revenue := CASE the_kind WHEN 'CALL' THEN 'revenue:calls' WHEN 'SERVICE' THEN 'revenue:services' ELSE 'revenue:plans' END;
  IF who.agent_id IS NOT NULL AND is_commissionable AND cash_part > 0 THEN
    SELECT r.commission_rate INTO rate FROM commission_rate r
    WHERE r.agent_id = who.agent_id AND r.effective_from <= instant ORDER BY r.effective_from DESC LIMIT 1;
  END IF;
  IF rate IS NOT NULL THEN
    base := cash_part;
    exact := base * rate;
    earned := (exact + owns.carry) / 10000;
    carried := (exact + owns.carry) % 10000;
    credited := owns.commission + earned;
    credited_version := owns.commission_version + 1;
  END IF;

  INSERT INTO "transaction" (id, kind, description, cause, cause_id, occurred_at, created_at)
  VALUES (transaction_id, 'CHARGE', the_description, 'CHARGE', charge_id, happened, now);
  INSERT INTO entry (transaction_id, line, account, owner_id, version, amount, balance_after)
  SELECT transaction_id, row_number() OVER (ORDER BY e.line), e.account, e.owner_id, e.version, e.amount, e.after
  FROM (VALUES
    (1, 'customer:cash', who.id, has.cash_version + 1, -cash_part, has.cash - cash_part),
    (2, 'customer:promo', who.id, has.promo_version + 1, -promo_part, has.promo - promo_part),
    (3, 'agent:commission', who.agent_id, credited_version, earned, credited),
    (4, revenue, NULL, NULL, the_amount, NULL),
    (5, 'expense:commission', NULL, NULL, -earned, NULL)
  ) AS e (line, account, owner_id, version, amount, after) WHERE e.amount <> 0;
  INSERT INTO charge (id, customer_id, agent_id, kind, state, description, amount, promo_part, refunded, commissionable,
    occurred_at, created_at, transaction_id, source, external_id)
  VALUES (charge_id, who.id, who.agent_id, the_kind, 'POSTED', the_description, the_amount, promo_part, 0,
    is_commissionable, happened, now, transaction_id, the_source, the_external_id);
  UPDATE customer_balance SET cash = cash - cash_part, cash_version = cash_version + (cash_part > 0)::int,
    promo = promo - promo_part, promo_version = promo_version + (promo_part > 0)::int, event_seq = event_seq + 1
  WHERE customer_id = who.id;
  INSERT INTO account_event (customer_id, seq, transaction_id, occurred_at, cash, promo)
  VALUES (who.id, has.event_seq + 1, transaction_id, now, has.cash - cash_part, has.promo - promo_part);

  IF rate IS NOT NULL THEN
    INSERT INTO commission (id, agent_id, customer_id, charge_id, kind, base, commission_rate, exact, amount,
      carry_before, carry_after, held, transaction_id, occurred_at, created_at, matures_at)
    VALUES (commission_id, who.agent_id, who.id, charge_id, 'EARNED', base, rate, exact, earned, owns.carry, carried,
      false, transaction_id, happened, now, now);
    UPDATE agent_balance SET commission = commission + earned,
      commission_version = commission_version + (earned > 0)::int, carry = carried, event_seq = event_seq + 1
    WHERE agent_id = who.agent_id;
    INSERT INTO agent_event (agent_id, seq, kind, subject_id, transaction_id, occurred_at, funding, commission, held,
      reserved, carry)
    SELECT who.agent_id, owns.event_seq + 1, 'COMMISSION', commission_id, transaction_id, now, b.cash,
      owns.commission + earned, owns.held, owns.reserved, carried
    FROM customer_balance b WHERE b.customer_id = who.own_id;
  END IF;

  IF who.agent_id IS NOT NULL THEN
    INSERT INTO agent_slot AS s (agent_id, slot, kind, charges, calls, call_seconds, spent, base, earned, clawed_back)
    VALUES (who.agent_id, date_bin('15 minutes', happened, 'epoch'), the_kind, 1, (the_kind = 'CALL')::int, 0,
      the_amount, coalesce(base, 0), earned, 0)
    ON CONFLICT (agent_id, slot, kind) DO UPDATE SET charges = s.charges + 1, calls = s.calls + excluded.calls,
      spent = s.spent + excluded.spent, base = s.base + excluded.base, earned = s.earned + excluded.earned;
    INSERT INTO customer_day AS d (agent_id, customer_id, day, charges, calls, call_seconds, spent, base, earned,
      clawed_back, last_charge_at)
    VALUES (who.agent_id, who.id, (happened AT TIME ZONE 'UTC')::date, 1, (the_kind = 'CALL')::int, 0, the_amount,
      coalesce(base, 0), earned, 0, happened)
    ON CONFLICT (agent_id, customer_id, day) DO UPDATE SET charges = d.charges + 1, calls = d.calls + excluded.calls,
      spent = d.spent + excluded.spent, base = d.base + excluded.base, earned = d.earned + excluded.earned,
      last_charge_at = greatest(d.last_charge_at, excluded.last_charge_at);
  END IF;
  RETURN (charge_id, the_external_id, earned, false)::peer.posted_charge;
END $$;
