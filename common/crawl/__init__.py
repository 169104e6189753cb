"""Fetching shortcuts politely: what to fetch, asking for it, remembering it, reading it, and leaving private things out.

    files.py        the files of a folder, and the shortcuts in archives and records
    links.py        lines, archives and ids as links; who has opted out
    client.py       HTTP with manners: a turn per host, robots.txt, an end where robots are not wanted
    jobs.py         one SQLite table of jobs, and the bodies, content-addressed
    crawler.py      visits every job that is wanted, once a run, all hosts side by side
    routinehub.py   RoutineHub's API answers and its pages, of both generations
    icloud.py       a share link's record, less what names its maker
    scrub.py        e-mail addresses, phone numbers, secrets, places and contacts become placeholders

The state of a job:

    new          not asked for yet
    ok           its body is stored; a share link never changes, so its body is never asked for again
    transient    no answer that can be used, this time: the next run asks again
    gone         deleted or unknown; asked again twice, a week apart each, and then given up
    bad          it is there, and it is no shortcut or no link to one
    disallowed   robots.txt says no
    opted_out    its author does not want it fetched or kept
"""
