/*
 * A camera for tests, of a few lines: loaded before the C library (LD_PRELOAD), it answers the requests of Video4Linux 2 for one file as the
 * kernel does for a camera's node. It is written against the kernel's own header, so that what is tested is held against that.
 *
 *   CAMERA_NODE      the file that is the node; it is unplugged while the file is away, and busy while NODE.busy is there
 *   CAMERA_PICTURES  pictures one behind the other: JPEGs, H.264 with an access unit delimiter before each, or raw ones of the format's size
 *   CAMERA_FORMAT    four letters: MJPG, H264, YUYV, NV12
 *   CAMERA_WIDTH, CAMERA_HEIGHT, CAMERA_RATE
 *
 * What is set is appended to NODE.log, a line each: "NAME VALUE".
 *
 * The node's descriptor is a timer, so that whoever polls it is woken as often as a picture comes, by the kernel itself.
 */
#define _GNU_SOURCE
#include <dlfcn.h>
#include <errno.h>
#include <fcntl.h>
#include <stdarg.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/mman.h>
#include <sys/timerfd.h>
#include <time.h>
#include <unistd.h>

#include <linux/videodev2.h>

#define BUFFERS 4

static int node = -1; /* the descriptor, while the camera is open */
static int memory = -1;
static char *buffers;
static size_t buffer_size;
static unsigned queued;	  /* bits of the buffers that can be filled */
static unsigned sequence; /* of the next picture */
static int is_streaming;

static const char *pictures;
static size_t pictures_size;
static size_t at; /* where the next picture begins */

static struct v4l2_queryctrl controls[] = {
	{.id = V4L2_CID_BRIGHTNESS, .type = V4L2_CTRL_TYPE_INTEGER, .name = "Brightness", .maximum = 255, .step = 1,
	 .default_value = 128},
	{.id = V4L2_CID_POWER_LINE_FREQUENCY, .type = V4L2_CTRL_TYPE_MENU, .name = "Power Line Frequency", .maximum = 2,
	 .step = 1, .default_value = 1},
	{.id = V4L2_CID_FOCUS_ABSOLUTE, .type = V4L2_CTRL_TYPE_INTEGER, .name = "Focus, Absolute", .maximum = 250, .step = 5},
	{.id = V4L2_CID_FOCUS_AUTO, .type = V4L2_CTRL_TYPE_BOOLEAN, .name = "Focus, Automatic Continuous", .maximum = 1,
	 .step = 1, .default_value = 1},
};
static int values[] = {128, 1, 0, 1};
static const char *const frequencies[] = {"Disabled", "50 Hz", "60 Hz"};
#define CONTROLS (sizeof(controls) / sizeof(controls[0]))

static const char *said(const char *name)
{
	const char *value = getenv(name);
	return value ? value : "";
}

static unsigned number(const char *name)
{
	return (unsigned)atoi(said(name));
}

static int has(const char *end)
{
	char path[4096];
	snprintf(path, sizeof(path), "%s%s", said("CAMERA_NODE"), end);
	return access(path, F_OK) == 0;
}

static void note(const char *name, int value)
{
	char path[4096];
	snprintf(path, sizeof(path), "%s.log", said("CAMERA_NODE"));
	FILE *log = fopen(path, "a");
	if (log) {
		fprintf(log, "%s %d\n", name, value);
		fclose(log);
	}
}

static int is_node(const char *path)
{
	const char *ours = getenv("CAMERA_NODE");
	return ours && path && strcmp(path, ours) == 0 && has("");
}

static uint32_t letters(void)
{
	const char *name = said("CAMERA_FORMAT");
	return v4l2_fourcc(name[0], name[1], name[2], name[3]);
}

static void load(void)
{
	FILE *file = pictures ? NULL : fopen(said("CAMERA_PICTURES"), "rb");
	if (!file)
		return;
	fseek(file, 0, SEEK_END);
	pictures_size = (size_t)ftell(file);
	rewind(file);
	char *bytes = malloc(pictures_size);
	pictures_size = fread(bytes, 1, pictures_size, file);
	pictures = bytes;
	fclose(file);
}

static int open_node(void)
{
	load();
	buffer_size = (size_t)number("CAMERA_WIDTH") * number("CAMERA_HEIGHT") * 2;
	memory = memfd_create("camera", MFD_CLOEXEC);
	if (ftruncate(memory, (off_t)(buffer_size * BUFFERS)) != 0)
		return -1;
	buffers = mmap(NULL, buffer_size * BUFFERS, PROT_READ | PROT_WRITE, MAP_SHARED, memory, 0);
	queued = 0;
	is_streaming = 0;
	node = timerfd_create(CLOCK_MONOTONIC, TFD_NONBLOCK | TFD_CLOEXEC);
	return node;
}

/* Whether an access unit delimiter begins there (ITU-T H.264, 7.3.2.4). */
static int is_delimiter(const char *nal)
{
	static const char begins[] = {0, 0, 0, 1, 9};
	return memcmp(nal, begins, sizeof(begins)) == 0;
}

/* The next picture into a buffer; at the end, the first again. */
static size_t fill(char *to)
{
	if (at >= pictures_size)
		at = 0;
	size_t len = buffer_size;
	if (letters() == V4L2_PIX_FMT_MJPEG) {
		const char *end = pictures + at + 2;
		while (!(end[0] == (char)0xff && end[1] == (char)0xd9))
			end++;
		len = (size_t)(end + 2 - (pictures + at));
	} else if (letters() == V4L2_PIX_FMT_H264) {
		const char *end = pictures + at + 5;
		while (end + 5 <= pictures + pictures_size && !is_delimiter(end))
			end++;
		len = end + 5 <= pictures + pictures_size ? (size_t)(end - (pictures + at)) : pictures_size - at;
	} else if (letters() == V4L2_PIX_FMT_NV12) {
		len = buffer_size / 4 * 3;
	}
	memcpy(to, pictures + at, len < buffer_size ? len : buffer_size);
	at += len;
	return len;
}

static int refused(int error)
{
	errno = error;
	return -1;
}

static int find(uint32_t id)
{
	for (unsigned n = 0; n < CONTROLS; n++)
		if (controls[n].id == id)
			return (int)n;
	return -1;
}

static int query_control(struct v4l2_queryctrl *query)
{
	uint32_t after = query->id & ~V4L2_CTRL_FLAG_NEXT_CTRL;
	for (unsigned n = 0; n < CONTROLS; n++)
		if (controls[n].id > after) {
			*query = controls[n];
			/* The number has no effect while the automatic one is on. */
			if (query->id == V4L2_CID_FOCUS_ABSOLUTE && values[3])
				query->flags |= V4L2_CTRL_FLAG_INACTIVE;
			return 0;
		}
	return refused(EINVAL);
}

static int take(struct v4l2_buffer *buffer)
{
	uint64_t ticks;
	unsigned index = 0;
	if (!is_streaming)
		return refused(EINVAL);
	if (read(node, &ticks, sizeof(ticks)) != sizeof(ticks))
		return refused(EAGAIN);
	/* What came while nobody looked has a number, and is lost. One that encodes waits: without a picture those after it are none. */
	for (; ticks > 1 && letters() != V4L2_PIX_FMT_H264; ticks--, sequence++)
		fill(buffers);
	while (index < BUFFERS && !(queued & 1u << index))
		index++;
	if (index == BUFFERS) {
		sequence++;
		return refused(EAGAIN);
	}
	queued &= ~(1u << index);
	struct timespec now;
	clock_gettime(CLOCK_MONOTONIC, &now);
	buffer->index = index;
	buffer->bytesused = (uint32_t)fill(buffers + index * buffer_size);
	buffer->flags = V4L2_BUF_FLAG_TIMESTAMP_MONOTONIC;
	buffer->timestamp.tv_sec = now.tv_sec;
	buffer->timestamp.tv_usec = now.tv_nsec / 1000;
	buffer->sequence = sequence++;
	return 0;
}

static int stream(int is_on)
{
	struct itimerspec every = {0};
	if (is_on) {
		every.it_interval.tv_nsec = 1000000000L / number("CAMERA_RATE");
		every.it_value = every.it_interval;
	}
	queued = is_on ? queued : 0;
	is_streaming = is_on;
	return timerfd_settime(node, 0, &every, NULL);
}

static int answer(unsigned long request, void *argument)
{
	if (!has(""))
		return refused(ENODEV);
	switch (request) {
	case VIDIOC_QUERYCAP: {
		struct v4l2_capability *capability = argument;
		strcpy((char *)capability->driver, "test");
		strcpy((char *)capability->card, "Test Webcam");
		strcpy((char *)capability->bus_info, "usb-0000:00:14.0-1");
		capability->capabilities = V4L2_CAP_VIDEO_CAPTURE | V4L2_CAP_STREAMING | V4L2_CAP_DEVICE_CAPS;
		capability->device_caps = V4L2_CAP_VIDEO_CAPTURE | V4L2_CAP_STREAMING;
		return 0;
	}
	case VIDIOC_ENUM_FMT: {
		struct v4l2_fmtdesc *format = argument;
		if (format->index > 0 || format->type != V4L2_BUF_TYPE_VIDEO_CAPTURE)
			return refused(EINVAL);
		format->pixelformat = letters();
		return 0;
	}
	case VIDIOC_ENUM_FRAMESIZES: {
		struct v4l2_frmsizeenum *sizes = argument;
		if (sizes->index > 0 || sizes->pixel_format != letters())
			return refused(EINVAL);
		sizes->type = V4L2_FRMSIZE_TYPE_DISCRETE;
		sizes->discrete.width = number("CAMERA_WIDTH");
		sizes->discrete.height = number("CAMERA_HEIGHT");
		return 0;
	}
	case VIDIOC_ENUM_FRAMEINTERVALS: {
		struct v4l2_frmivalenum *intervals = argument;
		if (intervals->index > 0 || intervals->pixel_format != letters() ||
		    intervals->width != number("CAMERA_WIDTH") || intervals->height != number("CAMERA_HEIGHT"))
			return refused(EINVAL);
		intervals->type = V4L2_FRMIVAL_TYPE_DISCRETE;
		intervals->discrete.numerator = 1;
		intervals->discrete.denominator = number("CAMERA_RATE");
		return 0;
	}
	case VIDIOC_S_FMT: {
		struct v4l2_format *format = argument;
		if (has(".busy"))
			return refused(EBUSY);
		if (format->type != V4L2_BUF_TYPE_VIDEO_CAPTURE || format->fmt.pix.pixelformat != letters())
			return refused(EINVAL);
		format->fmt.pix.width = number("CAMERA_WIDTH");
		format->fmt.pix.height = number("CAMERA_HEIGHT");
		format->fmt.pix.bytesperline = letters() == V4L2_PIX_FMT_YUYV ? number("CAMERA_WIDTH") * 2 : 0;
		format->fmt.pix.sizeimage = (uint32_t)buffer_size;
		format->fmt.pix.colorspace = V4L2_COLORSPACE_SRGB;
		return 0;
	}
	case VIDIOC_S_PARM: {
		struct v4l2_streamparm *parameters = argument;
		parameters->parm.capture.timeperframe.numerator = 1;
		parameters->parm.capture.timeperframe.denominator = number("CAMERA_RATE");
		return 0;
	}
	case VIDIOC_REQBUFS: {
		struct v4l2_requestbuffers *wanted = argument;
		if (wanted->memory != V4L2_MEMORY_MMAP || wanted->type != V4L2_BUF_TYPE_VIDEO_CAPTURE)
			return refused(EINVAL);
		wanted->count = BUFFERS;
		return 0;
	}
	case VIDIOC_QUERYBUF: {
		struct v4l2_buffer *buffer = argument;
		if (buffer->index >= BUFFERS)
			return refused(EINVAL);
		buffer->length = (uint32_t)buffer_size;
		buffer->m.offset = (uint32_t)(buffer->index * buffer_size);
		return 0;
	}
	case VIDIOC_QBUF: {
		struct v4l2_buffer *buffer = argument;
		if (buffer->index >= BUFFERS || buffer->memory != V4L2_MEMORY_MMAP || queued & 1u << buffer->index)
			return refused(EINVAL);
		queued |= 1u << buffer->index;
		return 0;
	}
	case VIDIOC_DQBUF:
		return take(argument);
	case VIDIOC_STREAMON:
	case VIDIOC_STREAMOFF:
		if (*(int *)argument != V4L2_BUF_TYPE_VIDEO_CAPTURE)
			return refused(EINVAL);
		return stream(request == VIDIOC_STREAMON);
	case VIDIOC_QUERYCTRL:
		return query_control(argument);
	case VIDIOC_QUERYMENU: {
		struct v4l2_querymenu *menu = argument;
		if (menu->id != V4L2_CID_POWER_LINE_FREQUENCY || menu->index > 2)
			return refused(EINVAL);
		strcpy((char *)menu->name, frequencies[menu->index]);
		return 0;
	}
	case VIDIOC_G_CTRL:
	case VIDIOC_S_CTRL: {
		struct v4l2_control *control = argument;
		int n = find(control->id);
		if (n < 0)
			return refused(EINVAL);
		if (request == VIDIOC_G_CTRL) {
			control->value = values[n];
			return 0;
		}
		if (control->id == V4L2_CID_FOCUS_ABSOLUTE && values[3])
			return refused(EACCES);
		values[n] = control->value;
		note((const char *)controls[n].name, control->value);
		return 0;
	}
	case VIDIOC_SUBSCRIBE_EVENT:
		return 0;
	case VIDIOC_DQEVENT:
		return refused(ENOENT);
	default:
		return refused(ENOTTY);
	}
}

/* In the place of the C library's. */

#define REAL(name) ((__typeof__(&name))dlsym(RTLD_NEXT, #name))

int ioctl(int fd, unsigned long request, ...)
{
	va_list rest;
	va_start(rest, request);
	void *argument = va_arg(rest, void *);
	va_end(rest);
	if (fd >= 0 && fd == node)
		return answer(request & 0xffffffff, argument);
	return REAL(ioctl)(fd, request, argument);
}

int open(const char *path, int flags, ...)
{
	va_list rest;
	va_start(rest, flags);
	mode_t mode = va_arg(rest, mode_t);
	va_end(rest);
	return is_node(path) ? open_node() : REAL(open)(path, flags, mode);
}

int open64(const char *path, int flags, ...)
{
	va_list rest;
	va_start(rest, flags);
	mode_t mode = va_arg(rest, mode_t);
	va_end(rest);
	return is_node(path) ? open_node() : REAL(open64)(path, flags, mode);
}

void *mmap(void *address, size_t len, int protection, int flags, int fd, off_t offset)
{
	return REAL(mmap)(address, len, protection, flags, fd >= 0 && fd == node ? memory : fd, offset);
}

void *mmap64(void *address, size_t len, int protection, int flags, int fd, off64_t offset)
{
	return REAL(mmap64)(address, len, protection, flags, fd >= 0 && fd == node ? memory : fd, offset);
}

int close(int fd)
{
	if (fd >= 0 && fd == node) {
		node = -1;
		munmap(buffers, buffer_size * BUFFERS);
		REAL(close)(memory);
		memory = -1;
	}
	return REAL(close)(fd);
}
