/* A platform that posts events and costs next to nothing: HTTP/1.1, keep-alive, epoll.

   poster PORT RATE REQUESTS RECORDS

   Prints 0 when it is ready, reads the instant of the first event, and sends one
   request after the other at RATE a second to 127.0.0.1:PORT, whether earlier ones are
   answered or not. REQUESTS holds them, each behind its size of 4 bytes. For each, four
   numbers of 8 bytes go to RECORDS: when it was due, when it was sent, twice, and the
   event's id; then it prints how many there were. Instants are nanoseconds of
   CLOCK_MONOTONIC. An answer other than 201 ends it. It ends with its parent. */

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
#include <sys/stat.h>
#include <time.h>
#include <unistd.h>

enum { MOST_IN_FLIGHT = 256, ANSWER_BYTES = 4096, EVENTS = 64 };
static const int64_t SECOND = 1000000000;
/* So long after the timetable's end it gives up what it did not get to. */
static const int64_t GRACE = 1000000000;
static const char CREATED[] = "HTTP/1.1 201 ", LENGTH[] = "\r\nContent-Length:",
                  EVENT[] = "\"id_event\":";

typedef struct {
    uint64_t due, sent, sent_again, event;
} Record;

typedef struct {
    int fd;            /* -1 before the first request and once the service hung up */
    Record *record;    /* of the request whose answer is awaited, or NULL */
    size_t filled;
    char bytes[ANSWER_BYTES + 1];
} Connection;

static Connection connections[MOST_IN_FLIGHT];
/* The connections that are free, the longest first: none is idle for long. */
static Connection *free_ones[MOST_IN_FLIGHT];
static unsigned first_free, free_count;
static struct sockaddr_in service;
static int poll_fd;

static void die(const char *what) {
    perror(what);
    exit(1);
}

static void complain(const char *what, const char *text) {
    fprintf(stderr, "%s: %.200s\n", what, text);
    exit(1);
}

static int64_t now(void) {
    struct timespec time;
    clock_gettime(CLOCK_MONOTONIC, &time);
    return time.tv_sec * SECOND + time.tv_nsec;
}

static void give_back(Connection *self) {
    free_ones[(first_free + free_count++) % MOST_IN_FLIGHT] = self;
}

static void hang_up(Connection *self) {
    close(self->fd);
    self->fd = -1;
}

static void call(Connection *self) {
    int on = 1;
    self->fd = socket(AF_INET, SOCK_STREAM, 0);
    if (self->fd < 0 || connect(self->fd, (void *)&service, sizeof service))
        die("connect");
    setsockopt(self->fd, IPPROTO_TCP, TCP_NODELAY, &on, sizeof on);
    struct epoll_event event = {.events = EPOLLIN, .data.ptr = self};
    if (fcntl(self->fd, F_SETFL, O_NONBLOCK) ||
        epoll_ctl(poll_fd, EPOLL_CTL_ADD, self->fd, &event))
        die("epoll");
}

static void post(const char *request, uint32_t size, Record *record) {
    Connection *self = free_ones[first_free];
    first_free = (first_free + 1) % MOST_IN_FLIGHT;
    free_count--;
    if (self->fd < 0)
        call(self);
    self->record = record;
    self->filled = 0;
    record->sent = record->sent_again = now();
    if (send(self->fd, request, size, MSG_NOSIGNAL) != (ssize_t)size)
        die("send");
}

/* 1 once the answer is there to the end. */
static int is_complete(Connection *self) {
    char *body = memmem(self->bytes, self->filled, "\r\n\r\n", 4);
    if (!body)
        return 0;
    body += 4;
    if (strncmp(self->bytes, CREATED, strlen(CREATED)))
        complain("The service answered", self->bytes);
    char *length = strcasestr(self->bytes, LENGTH);
    if (!length || length > body)
        complain("An answer has no length", self->bytes);
    size_t size = strtoull(length + strlen(LENGTH), NULL, 10);
    if (self->filled < body - self->bytes + size)
        return 0;
    char *event = strstr(body, EVENT);
    if (!event)
        complain("An answer names no event", body);
    self->record->event = strtoull(event + strlen(EVENT), NULL, 10);
    return 1;
}

/* 1 if an answer has ended. */
static int listen_to(Connection *self) {
    ssize_t got =
        read(self->fd, self->bytes + self->filled, ANSWER_BYTES - self->filled);
    if (got <= 0) {
        if (self->record)
            complain("The service hung up", got ? "read" : "in an answer");
        hang_up(self);
        return 0;
    }
    self->filled += got;
    self->bytes[self->filled] = '\0';
    if (!self->record)
        complain("An answer to nothing", self->bytes);
    if (!is_complete(self)) {
        if (self->filled == ANSWER_BYTES)
            complain("An answer is too long", self->bytes);
        return 0;
    }
    self->record = NULL;
    give_back(self);
    return 1;
}

/* Take in answers for so long at most; how many requests were answered. */
static unsigned wait_for(int64_t nanoseconds) {
    struct epoll_event events[EVENTS];
    struct timespec most = {nanoseconds / SECOND, nanoseconds % SECOND};
    unsigned answered = 0;
    int ready = epoll_pwait2(poll_fd, events, EVENTS, &most, NULL);
    for (int i = 0; i < ready; i++)
        answered += listen_to(events[i].data.ptr);
    return answered;
}

static const char *map(const char *path, size_t *size) {
    struct stat found;
    int file = open(path, O_RDONLY);
    if (file < 0 || fstat(file, &found))
        die(path);
    *size = found.st_size;
    const char *text = mmap(NULL, *size, PROT_READ, MAP_PRIVATE, file, 0);
    if (text == MAP_FAILED)
        die(path);
    return text;
}

static size_t count(const char *requests, size_t size) {
    size_t found = 0;
    uint32_t length;
    for (size_t at = 0; at < size; at += sizeof length + length, found++)
        memcpy(&length, requests + at, sizeof length);
    return found;
}

/* Follow the timetable; how many requests were sent. */
static size_t follow(const char *requests, Record *records, size_t events, int64_t rate,
                     int64_t start) {
    int64_t end = start + (int64_t)events / rate * SECOND + GRACE, clock;
    size_t sent = 0, answered = 0;
    while (sent < events && (clock = now()) <= end) {
        int64_t due = start + (int64_t)sent * SECOND / rate;
        if (clock < due || !free_count) {
            answered += wait_for(clock < due ? due - clock : SECOND);
            continue;
        }
        uint32_t length;
        memcpy(&length, requests, sizeof length);
        records[sent].due = due;
        post(requests + sizeof length, length, &records[sent]);
        requests += sizeof length + length;
        sent++;
    }
    while (answered < sent)
        answered += wait_for(SECOND);
    return sent;
}

int main(int argc, char **argv) {
    if (argc != 5) {
        fprintf(stderr, "poster PORT RATE REQUESTS RECORDS\n");
        return 2;
    }
    if (prctl(PR_SET_PDEATHSIG, SIGTERM))
        die("prctl");
    service.sin_family = AF_INET;
    service.sin_addr.s_addr = htonl(INADDR_LOOPBACK);
    service.sin_port = htons(atoi(argv[1]));
    poll_fd = epoll_create1(0);
    for (unsigned i = 0; i < MOST_IN_FLIGHT; i++) {
        connections[i].fd = -1;
        give_back(&connections[i]);
    }
    size_t size;
    const char *requests = map(argv[3], &size);
    size_t events = count(requests, size);
    Record *records = calloc(events, sizeof *records);
    int64_t start;
    puts("0");
    fflush(stdout);
    if (!records || scanf("%ld", &start) != 1)
        die("start");
    size_t sent = follow(requests, records, events, atoll(argv[2]), start);
    FILE *file = fopen(argv[4], "wb");
    if (!file || fwrite(records, sizeof *records, sent, file) != sent || fclose(file))
        die(argv[4]);
    printf("%zu\n", sent);
    return 0;
}
