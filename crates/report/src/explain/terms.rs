//! The words in tables.

use super::Topic;

/// By the alphabet.
pub(super) const TERMS: &[Topic] = &[
    Topic {
        id: "behind",
        also: &["late"],
        short: "by how much a load sent its requests later than they were due",
        text: &[
            "Latency of an open loop counts from when a request was due, so it contains this. Where the 99th percentile is above \
             1 ms, the report says that the generator fell behind: this machine was too busy.",
        ],
    },
    Topic {
        id: "billed",
        also: &["billed mean", "billed duration"],
        short: "mean Billed Duration in milliseconds",
        text: &[
            "AWS rounds each invocation up to a whole millisecond, and bills INIT with the first. The mean is that of the launches' \
             means. On the emulator it is an estimate for the CPU at hand.",
        ],
    },
    Topic {
        id: "binary",
        also: &["binary MB"],
        short: "size of the bootstrap, 1 MB being 1,048,576 bytes",
        text: &["Only of the file that is executed first; the rest of the package is not in it."],
    },
    Topic {
        id: "chain",
        also: &["pooled", "stages", "between", "pipe", "starts", "runs"],
        short: "several functions, each of which gets the response of the one before",
        text: &[
            "Its latency is from the first request to the last response: the latencies of its stages, and what lies between a \
             response and the next request. Runs of which a stage started cold are apart. Warm runs share launches, so the \
             median is pooled and nothing has an interval.",
        ],
    },
    Topic {
        id: "cold",
        also: &["cold start", "cold starts"],
        short: "an invocation for which a new execution environment was started",
        text: &[
            "Its table has one number a launch. total = INIT + first: what a caller waits for. The environment finds nothing of its \
             package, libraries and interpreter in the page cache, unless --page-cache warm is given. What AWS needs before INIT \
             (placement and download, 90 to 140 ms) is not in it.",
        ],
    },
    Topic {
        id: "cost",
        also: &["$"],
        short: "US dollars of a million invocations",
        text: &[
            "Memory size times mean Billed Duration, by AWS's price list of the day that the report names. The fee for requests is \
             in the title of the table and not in the column.",
        ],
    },
    Topic {
        id: "cpu",
        also: &["CPU mean"],
        short: "CPU time of the environment's processes from event to next /next",
        text: &[
            "It does not contain INIT. It may be longer than the duration where several threads work.",
        ],
    },
    Topic {
        id: "duration",
        also: &["dur.", "dur. p50", "dur. p90", "duration p50"],
        short: "AWS's Duration: event handed over to the runtime asking for the next",
        text: &["It contains the work after the response, which no caller waits for."],
    },
    Topic {
        id: "environments",
        also: &["environm.", "at once", "environment"],
        short: "execution environments that served a load, and how many worked at the same moment",
        text: &[
            "An environment serves one invocation at a time; it is busy from the event to the response.",
        ],
    },
    Topic {
        id: "expected",
        also: &["failed", "status", "error type", "invocations", "NOT EXPECTED", "UNEXPECTEDLY"],
        short: "whether a script had declared that an invocation may fail",
        text: &[
            "A failed invocation is on record with AWS's status, error type and message, and is in no statistic but the count of \
             failures. A script declares failures with expect_status(); of any other the run's exit code is 4.",
        ],
    },
    Topic {
        id: "first",
        also: &["first p50"],
        short: "duration of a launch's first invocation",
        text: &["Without INIT, which has a column of its own."],
    },
    Topic {
        id: "gap",
        also: &["as called", "saturated", "as-called", "none"],
        short: "what lies between the end of an invocation and the next event",
        text: &[
            "`as called` draws it from what callers of Lambda leave (log-normal, median 17.5 ms, from published durations): the \
             environment is frozen and its caches grow cold. `none` leaves nothing: the function is SATURATED, which is faster \
             than any caller of Lambda sees. --gap and gap() choose it.",
        ],
    },
    Topic {
        id: "good",
        also: &["good per s"],
        short: "responses of a load that are no failure and no throttle, and how many there were a second",
        text: &["Counted from when the first request was due to the last response."],
    },
    Topic {
        id: "init",
        also: &["INIT p50"],
        short: "AWS's Init Duration: the bootstrap is executed until its first request for an event",
        text: &[
            "Kelvin's emulator runs it at full speed, as Lambda does. --ladder has its parts: CPU, page-in and the rest.",
        ],
    },
    Topic {
        id: "interval",
        also: &["ci", "95 %", "95 % interval", "± 95 %", "confidence"],
        short: "95 % confidence interval over launches",
        text: &[
            "It says how far another run of the same on this machine may be off, not how far AWS is. Cold quantiles: by order \
             statistics. Warm quantiles: the signed-rank interval of the launches' own quantiles. Means: Student's, from 10 \
             launches on. A quantile is printed with its interval or not at all.",
        ],
    },
    Topic {
        id: "ladder",
        also: &["part", "µs", "share", "rung", "step", "says", "below resolution"],
        short: "where the time of the mean invocation goes, part by part",
        text: &[
            "kelvin report --ladder prints it. The parts add up to the latency exactly; medians would not. A part whose interval \
             includes 0 is below resolution. A rung is the same measured by itself, from below: the handler alone, with its \
             payloads, in the emulator at full speed, at its memory size.",
        ],
    },
    Topic {
        id: "latency",
        also: &["latency p50", "latency mean", "response", "service"],
        short: "the caller sends until the caller has the whole response",
        text: &[
            "One request after another is a closed loop: its latency is service time. An open loop sends when a request is due, \
             whatever became of those before; its latency counts from then and is response time.",
        ],
    },
    Topic {
        id: "launch",
        also: &["launches", "launches × each", "× each", "block"],
        short: "one execution environment from its start to its end",
        text: &[
            "It is what counts as one in statistics: invocations of one process are not independent of each other. 20 × 100 is 20 \
             launches with 100 warm invocations each. In a block, every function is launched once, in random order.",
        ],
    },
    Topic {
        id: "load",
        also: &["no.", "sent"],
        short: "many requests at a rate, from clients, or as a trace has them",
        text: &[
            "However many requests it sends, a load is one sample of its level, so nothing has an interval. Its invocations are in \
             no statistic of cold and warm starts.",
        ],
    },
    Topic {
        id: "memory",
        also: &["mb", "max MB", "max memory"],
        short: "memory size of the function, and the peak that its environments used",
        text: &[
            "Lambda gives memory/1769 of a core after INIT, so the memory size is a speed, too.",
        ],
    },
    Topic {
        id: "n",
        also: &["sample size"],
        short: "how many numbers something is made of",
        text: &[
            "Of cold starts there is one a launch. A warm median needs 6 launches with 2 invocations each, a warm p90 6 launches \
             with 10 each.",
        ],
    },
    Topic {
        id: "page-cache",
        also: &["page cache", "page-in", "resident"],
        short: "files that this machine still has in memory",
        text: &[
            "In a new microVM there are none, so a cold start reads everything from the disk. The emulator evicts what a start reads, \
             or gives the environment copies of its own, and measures what was resident all the same.",
        ],
    },
    Topic {
        id: "quantile",
        also: &["p50", "p90", "p99", "median", "percentile"],
        short: "p50 is the median; of ten numbers, nine are below the p90",
        text: &[
            "A cold quantile is over launches: p50 needs 6 of them, p90 36. A warm one is that of a typical launch, made of the \
             launches' own (Hodges-Lehmann). Of a load it is over requests: p50 needs 6, p90 36, p99 368.",
        ],
    },
    Topic {
        id: "queue",
        also: &["queue mean"],
        short: "the wait for an execution environment",
        text: &["INIT of a cold start lies inside of it."],
    },
    Topic {
        id: "seen",
        also: &["metric", "min", "max", "too few"],
        short: "what was measured where there is too little of it for an estimate",
        text: &[
            "It says nothing of what another run would see. More launches make an estimate of it.",
        ],
    },
    Topic {
        id: "suppressed-init",
        also: &["suppressed init", "proactive init", "proactive-init"],
        short: "starts that are neither cold nor warm",
        text: &[
            "Suppressed: after a crash or a timeout the process is started again inside of the next invocation, whose duration \
             contains that INIT. Proactive: an environment was started for a request that another one then served, so nobody \
             waited for its INIT.",
        ],
    },
    Topic {
        id: "throttled",
        also: &["throttle", "held back"],
        short: "of a load, requests that were refused; of a ladder, time held back by the CPU limit",
        text: &[
            "A request is refused beyond the reserved or the account's concurrency, or where a function grows too fast; it is not \
             billed. A process is held back while it has used more than memory/1769 of a core.",
        ],
    },
    Topic {
        id: "total",
        also: &["total p50"],
        short: "INIT and the first invocation of a cold start together",
        text: &["The median of the sums, which is not the sum of the medians."],
    },
    Topic {
        id: "undecided",
        also: &["threshold", "checks", "passed"],
        short: "a threshold of which the numbers say neither that it holds nor that it does not",
        text: &[
            "It has not passed. Shares and quantiles are decided by their 95 % interval: it has to lie on one side of the limit. \
             The check says what is missing; with --inconclusive the exit code is 5 where nothing else is wrong.",
        ],
    },
    Topic {
        id: "warm",
        also: &["warm start", "warm starts"],
        short: "an invocation that an environment served which was ready",
        text: &[
            "Each launch counts once in the table, as its invocations are not independent: a quantile is that of a typical launch.",
        ],
    },
];
