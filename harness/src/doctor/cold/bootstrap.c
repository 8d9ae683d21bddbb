/* A small bootstrap of a Lambda function: plain sockets, one connection, and {} as the answer to every event.
   It is compiled and started by `kelvin doctor --cold`. */
#define _GNU_SOURCE
#include <arpa/inet.h>
#include <netinet/in.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/socket.h>
#include <unistd.h>

static char buffer[1 << 16];

/* Sends a request and reads the answer, whose head stays in the buffer. */
static int ask(int fd, const char *request, int length) {
    if (send(fd, request, length, MSG_NOSIGNAL) != length) return -1;
    size_t have = 0;
    char *end = NULL;
    while (!end) {
        if (have == sizeof buffer - 1) return -1;
        ssize_t n = read(fd, buffer + have, sizeof buffer - 1 - have);
        if (n <= 0) return -1;
        have += n;
        buffer[have] = 0;
        end = strstr(buffer, "\r\n\r\n");
    }
    *end = 0;
    size_t body = have - (end + 4 - buffer);
    char *stated = strcasestr(buffer, "\r\ncontent-length:");
    size_t whole = stated ? strtoul(stated + strlen("\r\ncontent-length:"), NULL, 10) : 0;
    char rest[4096];
    while (body < whole) {
        size_t want = whole - body < sizeof rest ? whole - body : sizeof rest;
        ssize_t n = read(fd, rest, want);
        if (n <= 0) return -1;
        body += n;
    }
    return 0;
}

int main(void) {
    const char *api = getenv("AWS_LAMBDA_RUNTIME_API");
    char host[64];
    unsigned port;
    if (!api || sscanf(api, "%63[^:]:%u", host, &port) != 2) return 1;
    struct sockaddr_in address = {.sin_family = AF_INET, .sin_port = htons(port)};
    if (inet_pton(AF_INET, host, &address.sin_addr) != 1) return 1;
    int fd = socket(AF_INET, SOCK_STREAM, 0);
    if (fd < 0 || connect(fd, (struct sockaddr *)&address, sizeof address)) return 1;
    char request[512];
    for (;;) {
        int n = snprintf(request, sizeof request,
                         "GET /2018-06-01/runtime/invocation/next HTTP/1.1\r\nHost: %s\r\n\r\n", api);
        if (ask(fd, request, n)) return 1;
        char *id = strcasestr(buffer, "\r\nlambda-runtime-aws-request-id:");
        if (!id) return 1;
        id += strlen("\r\nlambda-runtime-aws-request-id:");
        id += strspn(id, " ");
        n = snprintf(request, sizeof request,
                     "POST /2018-06-01/runtime/invocation/%.*s/response HTTP/1.1\r\nHost: %s\r\n"
                     "Content-Length: 2\r\n\r\n{}",
                     (int)strcspn(id, "\r\n"), id, api);
        if (n >= (int)sizeof request || ask(fd, request, n)) return 1;
    }
}
