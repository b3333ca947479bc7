/* Answers names for the guard's drills, in their processes only (LD_PRELOAD).
 *
 * An address stays what it is. Of names, by how they begin:
 *
 *   good      the one address that may be dialled
 *   flip      that one when first asked for IPv4, then an address of ours
 *   mixed     both, the good one last
 *   anything else, and so every name that leads nowhere: ours, of both families
 */
#define _GNU_SOURCE
#include <dlfcn.h>
#include <netdb.h>
#include <stdatomic.h>
#include <stddef.h>
#include <string.h>

#define GOOD "127.0.0.9"
#define OURS "127.0.0.1"
#define OURS_SIX "::1"
#define NAMES (1u << 20)

typedef int lookup(const char *, const char *, const struct addrinfo *,
                   struct addrinfo **);

static atomic_uchar asked[NAMES];

static int begins(const char *name, const char *with)
{
    return strncmp(name, with, strlen(with)) == 0;
}

static unsigned place(const char *name)
{
    unsigned hash = 2166136261u;

    for (; *name; name++)
        hash = (hash ^ (unsigned char)*name) * 16777619u;
    return hash % NAMES;
}

static void add(lookup *real, const char *address, const char *service,
                const struct addrinfo *hints, struct addrinfo **end)
{
    while (*end)
        end = &(*end)->ai_next;
    if (real(address, service, hints, end) != 0)
        *end = NULL;
}

int getaddrinfo(const char *node, const char *service,
                const struct addrinfo *hints, struct addrinfo **found)
{
    lookup *real = (lookup *)dlsym(RTLD_NEXT, "getaddrinfo");
    struct addrinfo numeric = {0};
    int result;

    if (hints)
        numeric = *hints;
    numeric.ai_flags |= AI_NUMERICHOST;
    if (!node || !*node || (result = real(node, service, &numeric, found)) == 0)
        return node && *node ? 0 : real(node, service, hints, found);
    *found = NULL;
    if (begins(node, "good"))
        add(real, GOOD, service, hints, found);
    else if (begins(node, "flip") && numeric.ai_family != AF_INET6 &&
             !atomic_exchange(&asked[place(node)], 1))
        add(real, GOOD, service, hints, found);
    else {
        add(real, OURS, service, hints, found);
        if (begins(node, "mixed"))
            add(real, GOOD, service, hints, found);
        else if (!begins(node, "flip"))
            add(real, OURS_SIX, service, hints, found);
    }
    return *found ? 0 : EAI_NONAME;
}
