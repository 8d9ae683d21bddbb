/*
 * A function that burns a stated amount of CPU time and does nothing else that it could do without: plain sockets, one
 * connection, no library, no second thread. The same program sleeps and burns by itself, to compare with.
 *
 *   AWS_LAMBDA_RUNTIME_API=HOST:PORT burner     burns 1.9 ms for each event
 *   burner PAUSE_US BURN_US COUNT               COUNT times: sleeps, burns, and prints wall and CPU time in ns
 */
#define _GNU_SOURCE
#include <arpa/inet.h>
#include <netinet/tcp.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <strings.h>
#include <sys/socket.h>
#include <time.h>
#include <unistd.h>

enum { BURN_NS = 1900000, MOST = 100000 };

static const char ANSWER[] = "{\"message\":\"Hello, world!\"}";

static long long now(clockid_t clock)
{
	struct timespec time;
	clock_gettime(clock, &time);
	return time.tv_sec * 1000000000LL + time.tv_nsec;
}

static void burn(long long ns)
{
	long long begin = now(CLOCK_PROCESS_CPUTIME_ID);
	volatile unsigned long long state = 1;
	do {
		for (int i = 0; i < 200; i++)
			state = state * 6364136223846793005ULL + 1;
	} while (now(CLOCK_PROCESS_CPUTIME_ID) - begin < ns);
}

static int fail(const char *what)
{
	perror(what);
	return 1;
}

static int bare(long long pause_ns, long long burn_ns, int count)
{
	static long long wall[MOST], cpu[MOST];
	if (count < 0 || count > MOST)
		return fail("count");
	for (int i = 0; i < count; i++) {
		struct timespec pause = { pause_ns / 1000000000LL, pause_ns % 1000000000LL };
		if (pause_ns > 0)
			clock_nanosleep(CLOCK_MONOTONIC, 0, &pause, NULL);
		long long wall_begin = now(CLOCK_MONOTONIC), cpu_begin = now(CLOCK_PROCESS_CPUTIME_ID);
		burn(burn_ns);
		cpu[i] = now(CLOCK_PROCESS_CPUTIME_ID) - cpu_begin;
		wall[i] = now(CLOCK_MONOTONIC) - wall_begin;
	}
	for (int i = 0; i < count; i++)
		printf("%lld %lld\n", wall[i], cpu[i]);
	return 0;
}

static int connect_to(const char *address)
{
	char host[64];
	const char *colon = strrchr(address, ':');
	if (!colon || (size_t)(colon - address) >= sizeof host)
		return -1;
	memcpy(host, address, colon - address);
	host[colon - address] = 0;
	struct sockaddr_in to = { .sin_family = AF_INET, .sin_port = htons(atoi(colon + 1)) };
	int on = 1, fd = socket(AF_INET, SOCK_STREAM, 0);
	if (fd < 0 || inet_pton(AF_INET, host, &to.sin_addr) != 1)
		return -1;
	setsockopt(fd, IPPROTO_TCP, TCP_NODELAY, &on, sizeof on);
	return connect(fd, (struct sockaddr *)&to, sizeof to) ? -1 : fd;
}

static int send_all(int fd, const char *text, size_t length)
{
	while (length > 0) {
		ssize_t sent = write(fd, text, length);
		if (sent <= 0)
			return -1;
		text += sent, length -= sent;
	}
	return 0;
}

/* The value of a header, or NULL. */
static const char *header(const char *head, const char *name)
{
	const char *line = head;
	while ((line = strstr(line, "\r\n")) && (line += 2)) {
		if (!strncasecmp(line, name, strlen(name)) && line[strlen(name)] == ':') {
			const char *value = line + strlen(name) + 1;
			return value + strspn(value, " ");
		}
	}
	return NULL;
}

/* Reads one response with its body, which has a length. */
static int receive(int fd, char *into, size_t room)
{
	size_t have = 0, whole = 0;
	while (!whole || have < whole) {
		ssize_t got = have + 1 < room ? read(fd, into + have, room - 1 - have) : -1;
		if (got <= 0)
			return -1;
		have += got;
		into[have] = 0;
		char *body = strstr(into, "\r\n\r\n");
		if (!whole && body) {
			const char *length = header(into, "content-length");
			whole = body + 4 - into + (length ? strtoul(length, NULL, 10) : 0);
		}
	}
	return 0;
}

static int serve(const char *api)
{
	static char event[1 << 16];
	char id[64], request[512];
	int fd = connect_to(api);
	if (fd < 0)
		return fail("the Runtime API");
	for (;;) {
		int length = snprintf(request, sizeof request,
			"GET /2018-06-01/runtime/invocation/next HTTP/1.1\r\nHost: %s\r\n\r\n", api);
		if (send_all(fd, request, length) || receive(fd, event, sizeof event))
			return fail("next");
		const char *value = header(event, "lambda-runtime-aws-request-id");
		size_t id_length = value ? strcspn(value, "\r") : 0;
		if (!id_length || id_length >= sizeof id)
			return fail("the event has no id");
		memcpy(id, value, id_length);
		id[id_length] = 0;
		burn(BURN_NS);
		length = snprintf(request, sizeof request,
			"POST /2018-06-01/runtime/invocation/%s/response HTTP/1.1\r\nHost: %s\r\n"
			"Content-Length: %zu\r\n\r\n%s", id, api, strlen(ANSWER), ANSWER);
		if (send_all(fd, request, length) || receive(fd, event, sizeof event))
			return fail("response");
	}
}

int main(int count, char **args)
{
	const char *api = getenv("AWS_LAMBDA_RUNTIME_API");
	if (count == 4)
		return bare(atoll(args[1]) * 1000, atoll(args[2]) * 1000, atoi(args[3]));
	if (api)
		return serve(api);
	fprintf(stderr, "usage: burner PAUSE_US BURN_US COUNT\n");
	return 2;
}
