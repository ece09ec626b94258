/* Makes a disk seem full while a file named FLAG is there: whatever would make
   a regular file longer is refused as the kernel would refuse it. */
#define _GNU_SOURCE
#include <dlfcn.h>
#include <errno.h>
#include <fcntl.h>
#include <sys/stat.h>
#include <sys/uio.h>
#include <unistd.h>

#define REAL(name) ((__typeof__(&name))dlsym(RTLD_NEXT, #name))

static int refused(int file, off_t end)
{
    struct stat now;
    if (access(FLAG, F_OK) != 0 || fstat(file, &now) != 0 || !S_ISREG(now.st_mode) || end <= now.st_size)
        return 0;
    errno = ENOSPC;
    return 1;
}

static off_t total(const struct iovec *parts, int count)
{
    off_t sum = 0;
    for (int at = 0; at < count; at++)
        sum += parts[at].iov_len;
    return sum;
}

ssize_t write(int file, const void *bytes, size_t length)
{
    if (refused(file, lseek(file, 0, SEEK_CUR) + length))
        return -1;
    return REAL(write)(file, bytes, length);
}

ssize_t pwrite(int file, const void *bytes, size_t length, off_t at)
{
    if (refused(file, at + length))
        return -1;
    return REAL(pwrite)(file, bytes, length, at);
}

ssize_t pwrite64(int file, const void *bytes, size_t length, off64_t at)
{
    return pwrite(file, bytes, length, at);
}

ssize_t pwritev(int file, const struct iovec *parts, int count, off_t at)
{
    if (refused(file, at + total(parts, count)))
        return -1;
    return REAL(pwritev)(file, parts, count, at);
}

ssize_t pwritev64(int file, const struct iovec *parts, int count, off64_t at)
{
    return pwritev(file, parts, count, at);
}

int posix_fallocate(int file, off_t at, off_t length)
{
    if (refused(file, at + length))
        return ENOSPC;
    return REAL(posix_fallocate)(file, at, length);
}

int posix_fallocate64(int file, off64_t at, off64_t length)
{
    return posix_fallocate(file, at, length);
}
