-- An index less for each event. What happened within a span was accepted on a day soon after, which event_bucket finds, but for what is
-- untimely: accepted more than a week after the day that it happened on, or before that day.
DROP INDEX nav.event_time;
CREATE FUNCTION nav.untimely(happened timestamptz, accepted_day integer) RETURNS boolean LANGUAGE sql IMMUTABLE PARALLEL SAFE
RETURN happened - timestamptz '1970-01-01 00:00:00+00' NOT BETWEEN make_interval(days => accepted_day - 7) AND make_interval(days => accepted_day + 2);
REVOKE ALL ON FUNCTION nav.untimely(timestamptz, integer) FROM PUBLIC;
GRANT EXECUTE ON FUNCTION nav.untimely(timestamptz, integer) TO nav_core, nav_desk;
CREATE INDEX event_untimely ON nav.event (time) WHERE nav.untimely(time, bucket_day);
