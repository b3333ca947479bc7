/* A receiver that costs next to nothing: HTTP/1.1, keep-alive, one thread, epoll.

   receiver LEDGER CAPACITY

   Listens on a free loopback port, which it prints, and answers every request with an
   empty 200; those to /refuse/... with 503, and those to /hang/... never. LEDGER is a file shared with the benchmark: five counters, then for each
   id of X-Webhook-Data-Id the nanosecond (CLOCK_MONOTONIC) at which its first request
   had been read to the end, 0 before that. It ends with its parent. */

#define _GNU_SOURCE
#include <arpa/inet.h>
#include <fcntl.h>
#include <netinet/in.h>
#include <netinet/tcp.h>
#include <signal.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <strings.h>
#include <sys/epoll.h>
#include <sys/mman.h>
#include <sys/prctl.h>
#include <sys/socket.h>
#include <time.h>
#include <unistd.h>

enum { HEAD_BYTES = 16384, MOST_CONNECTIONS = 4096, EVENTS = 256 };
/* The ledger's counters, in order. */
enum { REQUESTS, DUPLICATES, UNKNOWN, BROKEN, DENIED, COUNTERS };

static const char ANSWER[] = "HTTP/1.1 200 OK\r\nContent-Length: 0\r\n\r\n";
static const char REFUSAL[] = "HTTP/1.1 503 No\r\nContent-Length: 0\r\n\r\n";
static const char ID[] = "X-Webhook-Data-Id:", LENGTH[] = "Content-Length:";

typedef struct {
    size_t filled;     /* bytes of `bytes` in use */
    size_t body_left;  /* bytes of the body still to come */
    uint64_t id;       /* of the request whose body is awaited */
    int in_body;
    enum { ACCEPT, REFUSE, HANG } manner;
    char bytes[HEAD_BYTES + 1];
} Connection;

static Connection *connections[MOST_CONNECTIONS];
static uint64_t *ledger, capacity;

static void die(const char *what) {
    perror(what);
    exit(1);
}

static void add(int counter) {
    __atomic_fetch_add(&ledger[counter], 1, __ATOMIC_RELEASE);
}

static void note(uint64_t id, int accepted) {
    struct timespec now;
    clock_gettime(CLOCK_MONOTONIC, &now);
    uint64_t *receipt = &ledger[COUNTERS + id];
    if (id == 0 || id >= capacity)
        add(UNKNOWN);
    else if (*receipt) {
        if (accepted)
            add(DUPLICATES);
    }
    else
        __atomic_store_n(receipt, now.tv_sec * 1000000000ull + now.tv_nsec,
                         __ATOMIC_RELEASE);
    add(REQUESTS);
}

/* The number after a header's name if the line has that name. */
static int number(const char *line, const char *name, uint64_t *value) {
    size_t length = strlen(name);
    if (strncasecmp(line, name, length))
        return 0;
    *value = strtoull(line + length, NULL, 10);
    return 1;
}

static int begins(const char *text, const char *with) {
    return !strncmp(text, with, strlen(with));
}

static void read_head(Connection *self, char *head) {
    uint64_t length = 0;
    self->id = 0;
    self->manner = begins(head, "POST /refuse/") ? REFUSE
                   : begins(head, "POST /hang/") ? HANG
                                                 : ACCEPT;
    for (char *line = head; (line = strstr(line, "\r\n")); ) {
        line += 2;
        if (!number(line, ID, &self->id))
            number(line, LENGTH, &length);
    }
    self->body_left = length;
    self->in_body = 1;
}

/* Take one step through what was read: 0 if more bytes are needed, -1 if broken. */
static int step(int fd, Connection *self, size_t *taken) {
    char *start = self->bytes + *taken;
    size_t there = self->filled - *taken;
    if (!self->in_body) {
        char *end = memmem(start, there, "\r\n\r\n", 4);
        if (!end)
            return there == HEAD_BYTES ? -1 : 0;
        *end = '\0';
        read_head(self, start);
        *taken = end + 4 - self->bytes;
        return 1;
    }
    size_t part = there < self->body_left ? there : self->body_left;
    *taken += part;
    self->body_left -= part;
    if (self->body_left)
        return 0;
    self->in_body = 0;
    if (self->manner != ACCEPT)
        add(DENIED);
    note(self->id, self->manner == ACCEPT);
    if (self->manner == HANG)
        return 1;
    const char *answer = self->manner == REFUSE ? REFUSAL : ANSWER;
    ssize_t size = strlen(answer), sent = send(fd, answer, size, MSG_NOSIGNAL);
    return sent == size ? 1 : -1;
}

static void drop(int fd) {
    close(fd);
    free(connections[fd]);
    connections[fd] = NULL;
}

static void serve(int fd) {
    Connection *self = connections[fd];
    ssize_t got = read(fd, self->bytes + self->filled, HEAD_BYTES - self->filled);
    if (got <= 0) {
        drop(fd);
        return;
    }
    self->filled += got;
    size_t taken = 0;
    int more;
    while ((more = step(fd, self, &taken)) > 0)
        ;
    if (more < 0) {
        add(BROKEN);
        drop(fd);
        return;
    }
    self->filled -= taken;
    memmove(self->bytes, self->bytes + taken, self->filled);
}

static void welcome(int listener, int poll) {
    int fd, on = 1;
    while ((fd = accept4(listener, NULL, NULL, SOCK_NONBLOCK | SOCK_CLOEXEC)) >= 0) {
        if (fd >= MOST_CONNECTIONS || !(connections[fd] = malloc(sizeof(Connection)))) {
            add(BROKEN);
            close(fd);
            continue;
        }
        connections[fd]->filled = connections[fd]->body_left = 0;
        connections[fd]->in_body = 0;
        setsockopt(fd, IPPROTO_TCP, TCP_NODELAY, &on, sizeof on);
        struct epoll_event wish = {.events = EPOLLIN, .data.fd = fd};
        if (epoll_ctl(poll, EPOLL_CTL_ADD, fd, &wish))
            die("epoll_ctl");
    }
}

static int listen_on_loopback(void) {
    struct sockaddr_in where = {.sin_family = AF_INET,
                                .sin_addr.s_addr = htonl(INADDR_LOOPBACK)};
    socklen_t size = sizeof where;
    int listener = socket(AF_INET, SOCK_STREAM | SOCK_NONBLOCK | SOCK_CLOEXEC, 0);
    if (listener < 0 || bind(listener, (struct sockaddr *)&where, size) ||
        listen(listener, 4096) ||
        getsockname(listener, (struct sockaddr *)&where, &size))
        die("listen");
    printf("%d\n", ntohs(where.sin_port));
    fflush(stdout);
    return listener;
}

int main(int count, char **arguments) {
    prctl(PR_SET_PDEATHSIG, SIGTERM);
    if (count != 3)
        return 2;
    capacity = strtoull(arguments[2], NULL, 10);
    int file = open(arguments[1], O_RDWR);
    if (file < 0)
        die("ledger");
    ledger = mmap(NULL, (COUNTERS + capacity) * sizeof *ledger,
                  PROT_READ | PROT_WRITE, MAP_SHARED, file, 0);
    if (ledger == MAP_FAILED)
        die("ledger");
    int listener = listen_on_loopback(), poll = epoll_create1(EPOLL_CLOEXEC);
    struct epoll_event ready[EVENTS], wish = {.events = EPOLLIN, .data.fd = listener};
    if (poll < 0 || epoll_ctl(poll, EPOLL_CTL_ADD, listener, &wish))
        die("epoll");
    for (;;) {
        int number_ready = epoll_wait(poll, ready, EVENTS, -1);
        for (int i = 0; i < number_ready; i++) {
            if (ready[i].data.fd == listener)
                welcome(listener, poll);
            else
                serve(ready[i].data.fd);
        }
    }
}
