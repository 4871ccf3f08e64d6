/* A model server that costs almost nothing: one thread, epoll, OpenAI's chat completions, always the answer "42".
 *
 *   stub const MS                    every reply after MS milliseconds
 *   stub lognormal P50 P99 DISSENT   log-normal delays with this median and 99th percentile, in milliseconds;
 *                                    this share of the replies is another number
 *
 * Listens on a free port of the loopback address and prints it. GET /stats tells what it has seen; GET /reset forgets
 * it. A request is understood when it has a Content-Length; nothing else is asked of it.
 */
#define _GNU_SOURCE
#include <arpa/inet.h>
#include <errno.h>
#include <math.h>
#include <netinet/tcp.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/epoll.h>
#include <sys/socket.h>
#include <sys/timerfd.h>
#include <time.h>
#include <unistd.h>

enum { CONNECTIONS = 16384, REQUEST_BYTES = 65536, EVENTS = 256 };
static const double Z99 = 2.3263478740408408; /* of the standard normal distribution */

typedef struct {
    char *bytes;
    size_t length;
    unsigned generation; /* tells a connection from the next one with the same descriptor */
    int open;
} Connection;

typedef struct {
    double at;
    int descriptor;
    unsigned generation;
} Due;

static Connection connections[CONNECTIONS];
static Due *heap;
static size_t waiting, room;
static struct { long requests, opened, abandoned, in_flight, in_flight_max; } seen;
static double mu, sigma, dissent;
static char reply[2048], *said;
static size_t reply_length;

static double now(void) {
    struct timespec t;
    clock_gettime(CLOCK_MONOTONIC, &t);
    return (double)t.tv_sec + (double)t.tv_nsec * 1e-9;
}

static double uniform(void) { /* xorshift with a fixed seed: two runs see the same delays */
    static unsigned long long state = 0x9E3779B97F4A7C15ULL;
    state ^= state << 13, state ^= state >> 7, state ^= state << 17;
    return ((double)(state >> 11) + 0.5) / 9007199254740992.0;
}

static double delay(void) {
    if (sigma == 0) return mu;
    return exp(mu + sigma * sqrt(-2 * log(uniform())) * cos(2 * M_PI * uniform()));
}

static void later(Due due) {
    if (waiting == room) heap = realloc(heap, (room = room ? 2 * room : 1024) * sizeof *heap);
    size_t place = waiting++;
    for (; place && heap[(place - 1) / 2].at > due.at; place = (place - 1) / 2) heap[place] = heap[(place - 1) / 2];
    heap[place] = due;
}

static Due soonest(void) {
    Due first = heap[0], last = heap[--waiting];
    size_t place = 0, child;
    while ((child = 2 * place + 1) < waiting) {
        if (child + 1 < waiting && heap[child + 1].at < heap[child].at) child++;
        if (heap[child].at >= last.at) break;
        heap[place] = heap[child], place = child;
    }
    heap[place] = last;
    return first;
}

static void hang_up(int descriptor) {
    Connection *connection = &connections[descriptor];
    if (!connection->open) return;
    connection->open = 0, connection->length = 0, connection->generation++;
    close(descriptor);
}

static void answer(int descriptor, const char *bytes, size_t length) {
    while (length) {
        ssize_t sent = send(descriptor, bytes, length, MSG_NOSIGNAL);
        if (sent < 0 && errno == EAGAIN) { usleep(50); continue; }
        if (sent < 0) { hang_up(descriptor); return; }
        bytes += sent, length -= (size_t)sent;
    }
}

static void answer_question(int descriptor) {
    int number = dissent > 0 && uniform() < dissent ? 10 + (int)(uniform() * 32) : 42;
    said[0] = (char)('0' + number / 10), said[1] = (char)('0' + number % 10);
    answer(descriptor, reply, reply_length);
}

static void tell(int descriptor) {
    char body[256], whole[512];
    int length = snprintf(body, sizeof body,
        "{\"requests\": %ld, \"opened\": %ld, \"abandoned\": %ld, \"in_flight_max\": %ld}",
        seen.requests, seen.opened, seen.abandoned, seen.in_flight_max);
    length = snprintf(whole, sizeof whole, "HTTP/1.1 200 OK\r\nContent-Type: application/json\r\n"
        "Content-Length: %d\r\n\r\n%s", length, body);
    answer(descriptor, whole, (size_t)length);
}

static void serve(int descriptor, const char *head) {
    if (!strncmp(head, "GET /", 5)) {
        tell(descriptor);
        if (!strncmp(head, "GET /reset", 10)) {
            seen.requests = seen.opened = seen.abandoned = 0;
            seen.in_flight_max = seen.in_flight;
        }
        return;
    }
    seen.requests++;
    double wait = delay();
    if (wait <= 0) { answer_question(descriptor); return; }
    if (++seen.in_flight > seen.in_flight_max) seen.in_flight_max = seen.in_flight;
    later((Due){now() + wait, descriptor, connections[descriptor].generation});
}

static void read_requests(int descriptor) {
    Connection *connection = &connections[descriptor];
    ssize_t got = recv(descriptor, connection->bytes + connection->length, REQUEST_BYTES - connection->length, 0);
    if (got < 0 && (errno == EAGAIN || errno == EINTR)) return;
    if (got <= 0) { hang_up(descriptor); return; }
    connection->length += (size_t)got;
    while (connection->open) {
        connection->bytes[connection->length] = 0;
        char *end = strstr(connection->bytes, "\r\n\r\n");
        if (!end) return;
        *end = 0;
        char *field = strcasestr(connection->bytes, "\r\ncontent-length:");
        size_t whole = (size_t)(end + 4 - connection->bytes) + (field ? strtoul(field + 17, NULL, 10) : 0);
        *end = '\r';
        if (connection->length < whole) return;
        serve(descriptor, connection->bytes);
        connection->length -= whole;
        memmove(connection->bytes, connection->bytes + whole, connection->length);
    }
}

static void welcome(int listener, int poll) {
    int descriptor, yes = 1;
    while ((descriptor = accept4(listener, NULL, NULL, SOCK_NONBLOCK)) >= 0) {
        if (descriptor >= CONNECTIONS) { close(descriptor); continue; }
        Connection *connection = &connections[descriptor];
        if (!connection->bytes) connection->bytes = malloc(REQUEST_BYTES + 1);
        connection->open = 1, connection->length = 0;
        seen.opened++;
        setsockopt(descriptor, IPPROTO_TCP, TCP_NODELAY, &yes, sizeof yes);
        epoll_ctl(poll, EPOLL_CTL_ADD, descriptor, &(struct epoll_event){EPOLLIN, {.fd = descriptor}});
    }
}

static void answer_what_is_due(void) {
    for (double t = now(); waiting && heap[0].at <= t;) {
        Due due = soonest();
        seen.in_flight--;
        Connection *connection = &connections[due.descriptor];
        if (connection->open && connection->generation == due.generation) answer_question(due.descriptor);
        else seen.abandoned++;
    }
}

static void set_timer(int timer) {
    double wait = fmax(heap[0].at - now(), 1e-6);
    struct itimerspec spec = {.it_value = {(time_t)wait, (long)((wait - floor(wait)) * 1e9)}};
    timerfd_settime(timer, 0, &spec, NULL);
}

static int listen_anywhere(void) {
    int listener = socket(AF_INET, SOCK_STREAM | SOCK_NONBLOCK, 0);
    struct sockaddr_in address = {.sin_family = AF_INET, .sin_addr.s_addr = htonl(INADDR_LOOPBACK)};
    socklen_t length = sizeof address;
    if (bind(listener, (struct sockaddr *)&address, length) || listen(listener, 8192)) { perror("stub"); exit(1); }
    getsockname(listener, (struct sockaddr *)&address, &length);
    printf("%d\n", ntohs(address.sin_port));
    fflush(stdout);
    return listener;
}

int main(int count, char **words) {
    if (count == 3 && !strcmp(words[1], "const")) mu = atof(words[2]) / 1000;
    else if (count == 5 && !strcmp(words[1], "lognormal")) {
        mu = log(atof(words[2]) / 1000);
        sigma = (log(atof(words[3]) / 1000) - mu) / Z99;
        dissent = atof(words[4]);
    } else { fputs("usage: stub const MS | stub lognormal P50 P99 DISSENT\n", stderr); return 2; }
    const char *body = "{\"id\": \"chatcmpl-1\", \"object\": \"chat.completion\", \"created\": 1700000000, \"model\": \"stub\", "
        "\"choices\": [{\"index\": 0, \"message\": {\"role\": \"assistant\", \"content\": \"42\"}, \"logprobs\": null, "
        "\"finish_reason\": \"stop\"}], \"usage\": {\"prompt_tokens\": 20, \"completion_tokens\": 5, \"total_tokens\": 25}}";
    reply_length = (size_t)snprintf(reply, sizeof reply, "HTTP/1.1 200 OK\r\nContent-Type: application/json\r\n"
        "x-request-id: req-1\r\nContent-Length: %zu\r\n\r\n%s", strlen(body), body);
    said = strstr(reply, "42");
    int listener = listen_anywhere(), poll = epoll_create1(0), timer = timerfd_create(CLOCK_MONOTONIC, TFD_NONBLOCK);
    epoll_ctl(poll, EPOLL_CTL_ADD, listener, &(struct epoll_event){EPOLLIN, {.fd = listener}});
    epoll_ctl(poll, EPOLL_CTL_ADD, timer, &(struct epoll_event){EPOLLIN | EPOLLET, {.fd = timer}});
    struct epoll_event events[EVENTS];
    for (;;) {
        int ready = epoll_wait(poll, events, EVENTS, -1);
        for (int i = 0; i < ready; i++) {
            int descriptor = events[i].data.fd;
            if (descriptor == listener) welcome(listener, poll);
            else if (descriptor != timer && connections[descriptor].open) read_requests(descriptor);
        }
        answer_what_is_due();
        if (waiting) set_timer(timer);
    }
}
