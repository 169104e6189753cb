"""Fetch shortcuts politely: find links, fetch them, keep what came without private data (common/scrub.py), and read it.

    links.py        lists, archives and ids as links; the opt-out list
    client.py       HTTP at the hosts' rates, within robots.txt
    network.py      connections to public addresses only, bodies of bounded size
    jobs.py         a SQLite table of jobs, and the bodies, content-addressed
    crawler.py      visits every job once a run, all hosts side by side
    answers.py      what RoutineHub's API and pages and iCloud's records say

The state of a job:

    new          not fetched yet
    ok           its body is stored; a share link never changes, so its body is never fetched again
    transient    no usable answer for now: the next run tries again
    gone         deleted or unknown
    bad          neither a shortcut nor a link to one
    disallowed   robots.txt does not allow it
    opted_out    its author does not want it fetched or kept
"""
