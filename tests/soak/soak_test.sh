# The short form of `make soak': seconds of what it does for minutes or hours.

soak_case()
{
	atf_test_case "$1"
	eval "$1_head()
	{
		atf_set descr \"$2\"
		atf_set require.progs memray-run memray-live memray-summary \
		    python3
		atf_set timeout 300
	}"
}

# Seconds are too short to judge how fast it is, and how memory grows.
soak_run()
{
	atf_check -o save:out python3 "$(atf_get_srcdir)/soak.py" \
	    --latency 0 --growth 50000000 "$@"
	cat out
}

soak_service()
{
	soak_run --minutes 0.15 --rate 60 --kills 0 --mode "$1"
	atf_check -o match:"^$1: [1-9][0-9]* requests, [1-9]" cat out
}

soak_case service_default "a service under load, with viewers"
service_default_body()
{
	soak_service default
}

soak_case service_aggregate "the same with --aggregate"
service_aggregate_body()
{
	soak_service aggregate
}

soak_case service_everything "the same with everything that can be recorded"
service_everything_body()
{
	soak_service everything
}

soak_case kills "SIGKILL of programs, and of their recorders"
kills_body()
{
	soak_run --minutes 0 --kills 14
}

atf_init_test_cases()
{
	atf_add_test_case service_default
	atf_add_test_case service_aggregate
	atf_add_test_case service_everything
	atf_add_test_case kills
}
