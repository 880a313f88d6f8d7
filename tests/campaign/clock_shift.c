/* A clock that is set for one tree of processes alone.
 *
 * What they take for the time of day is moved by the nanoseconds that the file CLOCK_SHIFT_FILE holds, and the
 * instant of the boot in /proc/stat with it. The monotonic clock stays, as it does when a machine's clock is set.
 * (libfaketime 0.9.10 fails every time.sleep() of Python when it shall leave the monotonic clock alone.)
 *
 *     cc -shared -fPIC -O2 -o clock_shift.so clock_shift.c; LD_PRELOAD=clock_shift.so CLOCK_SHIFT_FILE=... PROGRAM
 */
#define _GNU_SOURCE
#include <dlfcn.h>
#include <fcntl.h>
#include <stdarg.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/mman.h>
#include <sys/syscall.h>
#include <sys/time.h>
#include <time.h>
#include <unistd.h>

#define SECOND 1000000000LL

static const volatile int64_t *shift = NULL;
static int (*real_clock_gettime)(clockid_t, struct timespec *) = NULL;

__attribute__((constructor)) static void begin(void) {
    real_clock_gettime = dlsym(RTLD_NEXT, "clock_gettime");
    const char *path = getenv("CLOCK_SHIFT_FILE");
    int file = path ? (int)syscall(SYS_openat, AT_FDCWD, path, O_RDONLY | O_CLOEXEC) : -1;
    if (file < 0)
        return;
    void *mapped = mmap(NULL, sizeof(int64_t), PROT_READ, MAP_SHARED, file, 0);
    close(file);
    if (mapped != MAP_FAILED)
        shift = mapped;
}

int clock_gettime(clockid_t clock, struct timespec *told) {
    if (!real_clock_gettime) /* called by another library's constructor */
        return (int)syscall(SYS_clock_gettime, clock, told);
    int failed = real_clock_gettime(clock, told);
    if (!failed && shift && (clock == CLOCK_REALTIME || clock == CLOCK_REALTIME_COARSE)) {
        int64_t all = told->tv_sec * SECOND + told->tv_nsec + *shift;
        told->tv_sec = all / SECOND;
        told->tv_nsec = all % SECOND;
    }
    return failed;
}

int gettimeofday(struct timeval *told, void *zone) {
    (void)zone;
    struct timespec now;
    int failed = clock_gettime(CLOCK_REALTIME, &now);
    told->tv_sec = now.tv_sec;
    told->tv_usec = now.tv_nsec / 1000;
    return failed;
}

time_t time(time_t *told) {
    struct timespec now;
    clock_gettime(CLOCK_REALTIME, &now);
    if (told)
        *told = now.tv_sec;
    return now.tv_sec;
}

static int moved_stat(void) {
    static const char KEY[] = "\nbtime ";
    int in = (int)syscall(SYS_openat, AT_FDCWD, "/proc/stat", O_RDONLY | O_CLOEXEC);
    int out = memfd_create("stat", MFD_CLOEXEC);
    size_t room = 1 << 20, used = 0;
    char *text = malloc(room);
    ssize_t got;
    while (in >= 0 && text && (got = read(in, text + used, room - 1 - used)) > 0)
        used += (size_t)got;
    text[used] = '\0';
    char *key = strstr(text, KEY);
    if (key) {
        char *end;
        long long boot = strtoll(key + strlen(KEY), &end, 10);
        dprintf(out, "%.*s%s%lld%s", (int)(key - text), text, KEY, boot + (long long)(*shift / SECOND), end);
    } else {
        dprintf(out, "%s", text);
    }
    free(text);
    close(in);
    lseek(out, 0, SEEK_SET);
    return out;
}

static int opened(const char *path, int flags, mode_t mode) {
    if (shift && strcmp(path, "/proc/stat") == 0)
        return moved_stat();
    return (int)syscall(SYS_openat, AT_FDCWD, path, flags, mode);
}

int open(const char *path, int flags, ...) {
    va_list more;
    va_start(more, flags);
    mode_t mode = (flags & (O_CREAT | O_TMPFILE)) ? va_arg(more, mode_t) : 0;
    va_end(more);
    return opened(path, flags, mode);
}

int open64(const char *path, int flags, ...) {
    va_list more;
    va_start(more, flags);
    mode_t mode = (flags & (O_CREAT | O_TMPFILE)) ? va_arg(more, mode_t) : 0;
    va_end(more);
    return opened(path, flags | O_LARGEFILE, mode);
}
