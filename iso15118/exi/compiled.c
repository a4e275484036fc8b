/* The codec over octets: what `generate` writes for strings of bits, done by walking a class's automaton in C.
 *
 * A `Plan` is the automaton of one message class, described by Python (`plan`) when it is first met. It decodes and encodes exactly what
 * the pure codec does, or gives up (None) and leaves the case to it: every error, and every value that is out of the ordinary (integers
 * beyond 64 bits, a str where an enumeration is meant). So there is one set of messages, and errors have one wording.
 *
 * Every read is compared with what is left of the stream first; every length before anything is allocated; the recursion is as deep as
 * the classes are nested.
 */

#define PY_SSIZE_T_CLEAN
#include <Python.h>
#include <stddef.h>
#include <stdint.h>

#if PY_VERSION_HEX < 0x030C0000
#include <structmember.h>
#define Py_T_OBJECT_EX T_OBJECT_EX
#endif

enum form { ABSENT, MESSAGE, LISTED, SMALL, UNSIGNED, INTEGER, TEXT, BINARY }; /* ABSENT: never on the wire */

#define UNLIMITED (-1)
#define WIDEST 32 /* bits of an event code or an n-bit field */

typedef struct {
    int width;
    Py_ssize_t count;
    Py_ssize_t *targets; /* a position, the end (the number of positions), or -1 for what cannot be sent */
} State;

typedef struct Plan Plan;

typedef struct {
    enum form form;
    int framed; /* the value stands between CH and EE: an element with simple content */
    int many;
    Py_ssize_t min, max;
    Py_ssize_t field;
    int width;         /* LISTED, SMALL */
    Py_ssize_t count;  /* LISTED, SMALL: how many values there are */
    int64_t low;       /* integers, and lengths of TEXT and BINARY */
    uint64_t high;     /* never negative */
    int bounded;       /* is `high` one? */
    PyObject *values;  /* LISTED: a tuple by index */
    PyObject *indices; /* LISTED: a dict, value to index */
    Plan *plan;        /* MESSAGE */
} Position;

typedef struct {
    Py_ssize_t field;
    Py_ssize_t count;
    Py_ssize_t *positions;
} Unit;

struct Plan {
    PyObject_HEAD
    PyTypeObject *cls;
    PyObject *describe;
    int ready;
    Py_ssize_t fields;
    Py_ssize_t *offsets;
    char *lists;
    Py_ssize_t hidden;
    Py_ssize_t *hidden_offsets;
    Py_ssize_t positions_count;
    Position *positions;
    Py_ssize_t states_count;
    State *states; /* START, then each position: behind it, and behind its last allowed occurrence */
    Py_ssize_t units_count;
    Unit *units;
};

static PyTypeObject PlanType;
static PyObject *empty; /* () */

/* ---- Reading. A reader returns 0, or -1 to give up. ---- */

typedef struct {
    const uint8_t *data;
    Py_ssize_t position, end; /* in bits */
} Reader;

static inline int
read_bits(Reader *r, int width, uint32_t *value)
{
    if (width > r->end - r->position)
        return -1;
    if (width == 0) {
        *value = 0;
        return 0;
    }
    Py_ssize_t first = r->position >> 3, last = (r->position + width - 1) >> 3;
    uint64_t bits = 0;
    for (Py_ssize_t i = first; i <= last; i++)
        bits = bits << 8 | r->data[i];
    bits >>= 7 - ((r->position + width - 1) & 7);
    *value = (uint32_t)(bits & (((uint64_t)1 << width) - 1));
    r->position += width;
    return 0;
}

static inline int
read_varint(Reader *r, uint64_t *value)
{
    uint64_t result = 0;
    for (int shift = 0; shift < 64; shift += 7) {
        uint32_t octet;
        if (read_bits(r, 8, &octet) < 0)
            return -1;
        if (octet < 128) {
            if ((shift && !octet) || (shift == 63 && octet > 1))
                return -1; /* longer than it needs to be, or than 64 bits */
            *value = result | (uint64_t)octet << shift;
            return 0;
        }
        result |= (uint64_t)(octet & 127) << shift;
    }
    return -1;
}

static PyObject *
read_unsigned(Reader *r, const Position *p)
{
    uint64_t value;
    if (read_varint(r, &value) < 0 || value < (uint64_t)p->low || (p->bounded && value > p->high))
        return NULL;
    return PyLong_FromUnsignedLongLong(value);
}

static PyObject *
read_integer(Reader *r, const Position *p)
{
    uint32_t sign;
    uint64_t magnitude;
    if (read_bits(r, 1, &sign) < 0 || read_varint(r, &magnitude) < 0 || magnitude > INT64_MAX)
        return NULL;
    int64_t value = sign ? -(int64_t)magnitude - 1 : (int64_t)magnitude;
    if (value < p->low || (p->bounded && value > 0 && (uint64_t)value > p->high))
        return NULL;
    return PyLong_FromLongLong(value);
}

static inline int
legal(uint64_t c)
{
    return (c >= 0x20 && c <= 0xD7FF) || c == 9 || c == 10 || c == 13 || (c >= 0xE000 && c <= 0xFFFD) || (c >= 0x10000 && c <= 0x10FFFF);
}

/* A length of TEXT or BINARY: within its facets, and with as many octets left. */
static int
fits(const Reader *r, const Position *p, uint64_t count)
{
    return count >= (uint64_t)p->low && !(p->bounded && count > p->high) && count <= (uint64_t)((r->end - r->position) >> 3);
}

static PyObject *
read_text(Reader *r, const Position *p)
{
    uint64_t count;
    if (read_varint(r, &count) < 0 || count < 2 || !fits(r, p, count -= 2))
        return NULL;
    Reader start = *r;
    Py_UCS4 highest = 0;
    for (uint64_t i = 0; i < count; i++) {
        uint64_t c;
        if (read_varint(r, &c) < 0 || !legal(c))
            return NULL;
        if (c > highest)
            highest = (Py_UCS4)c;
    }
    PyObject *text = PyUnicode_New((Py_ssize_t)count, highest);
    if (text == NULL)
        return NULL;
    int kind = PyUnicode_KIND(text);
    void *characters = PyUnicode_DATA(text);
    for (uint64_t i = 0; i < count; i++) {
        uint64_t c = 0;
        (void)read_varint(&start, &c);
        PyUnicode_WRITE(kind, characters, (Py_ssize_t)i, (Py_UCS4)c);
    }
    return text;
}

static PyObject *
read_binary(Reader *r, const Position *p)
{
    uint64_t count;
    if (read_varint(r, &count) < 0 || !fits(r, p, count))
        return NULL;
    PyObject *octets = PyBytes_FromStringAndSize(NULL, (Py_ssize_t)count);
    if (octets == NULL)
        return NULL;
    uint8_t *out = (uint8_t *)PyBytes_AS_STRING(octets);
    const uint8_t *in = r->data + (r->position >> 3);
    int shift = (int)(r->position & 7);
    if (shift == 0)
        memcpy(out, in, (size_t)count);
    else
        for (uint64_t i = 0; i < count; i++)
            out[i] = (uint8_t)(in[i] << shift | in[i + 1] >> (8 - shift)); /* the last bits of i + 1 are within the stream */
    r->position += (Py_ssize_t)count * 8;
    return octets;
}

static PyObject *decode_plan(Plan *plan, Reader *r);

static PyObject *
read_value(Reader *r, const Position *p)
{
    uint32_t bits;
    if (p->form == MESSAGE)
        return decode_plan(p->plan, r);
    if (p->framed && (read_bits(r, 1, &bits) < 0 || bits))
        return NULL;
    PyObject *value = NULL;
    switch (p->form) {
    case LISTED:
        if (read_bits(r, p->width, &bits) < 0 || bits >= p->count)
            return NULL;
        value = Py_NewRef(PyTuple_GET_ITEM(p->values, bits));
        break;
    case SMALL:
        if (read_bits(r, p->width, &bits) < 0 || bits >= p->count)
            return NULL;
        value = PyLong_FromLongLong(p->low + bits);
        break;
    case TEXT:
        value = read_text(r, p);
        break;
    case BINARY:
        value = read_binary(r, p);
        break;
    case UNSIGNED:
        value = read_unsigned(r, p);
        break;
    default:
        value = read_integer(r, p);
    }
    if (value != NULL && p->framed && (read_bits(r, 1, &bits) < 0 || bits))
        Py_CLEAR(value);
    return value;
}

static int describe_plan(Plan *plan);

#define SLOT(object, offset) (*(PyObject **)((char *)(object) + (offset)))

/* Behind a position: the number of the state, unless the position has to come again first. */
static inline Py_ssize_t
state_behind(const Position *p, Py_ssize_t index, Py_ssize_t count)
{
    return 1 + 2 * index + (p->max != UNLIMITED && p->max != 1 && count == p->max);
}

static int
store(Plan *plan, PyObject *object, const Position *p, PyObject *value)
{
    PyObject **slot = &SLOT(object, plan->offsets[p->field]);
    int failed = 0;
    if (p->many) {
        if (*slot == empty) {
            PyObject *list = PyList_New(0);
            if (list == NULL) {
                Py_DECREF(value);
                return -1;
            }
            Py_SETREF(*slot, list);
        }
        failed = PyList_Append(*slot, value);
        Py_DECREF(value);
        return failed;
    }
    if (*slot != Py_None) { /* twice */
        Py_DECREF(value);
        return -1;
    }
    Py_SETREF(*slot, value);
    return 0;
}

static PyObject *
decode_plan(Plan *plan, Reader *r)
{
    if (!plan->ready && describe_plan(plan) < 0)
        return NULL;
    if (Py_EnterRecursiveCall(" while decoding a message"))
        return NULL;
    PyObject *object = plan->cls->tp_alloc(plan->cls, 0);
    if (object == NULL)
        goto failed;
    for (Py_ssize_t i = 0; i < plan->fields; i++)
        SLOT(object, plan->offsets[i]) = Py_NewRef(plan->lists[i] ? empty : Py_None);
    for (Py_ssize_t i = 0; i < plan->hidden; i++)
        SLOT(object, plan->hidden_offsets[i]) = Py_NewRef(Py_None);
    Py_ssize_t state = 0, last = -1, count = 0;
    for (;;) {
        const State *s = &plan->states[state];
        uint32_t code;
        if (read_bits(r, s->width, &code) < 0 || code >= s->count)
            goto failed;
        Py_ssize_t target = s->targets[code];
        if (target == plan->positions_count)
            break;
        if (target < 0)
            goto failed;
        const Position *p = &plan->positions[target];
        count = target == last ? count + 1 : 1;
        last = target;
        for (;;) {
            PyObject *value = read_value(r, p);
            if (value == NULL || store(plan, object, p, value) < 0)
                goto failed;
            if (!p->many || count >= p->min)
                break;
            if (read_bits(r, 1, &code) < 0 || code)
                goto failed;
            count++;
        }
        state = state_behind(p, target, count);
    }
    for (Py_ssize_t i = 0; i < plan->fields; i++) {
        PyObject **slot = &SLOT(object, plan->offsets[i]);
        if (plan->lists[i] && *slot != empty) {
            PyObject *items = PyList_AsTuple(*slot);
            if (items == NULL)
                goto failed;
            Py_SETREF(*slot, items);
        }
    }
    Py_LeaveRecursiveCall();
    return object;
failed:
    Py_XDECREF(object);
    Py_LeaveRecursiveCall();
    return NULL;
}

/* ---- Writing. A writer returns 0, or -1 to give up. ---- */

typedef struct {
    uint8_t *data;
    Py_ssize_t position, size; /* in bits */
} Writer;

static int
room(Writer *w, Py_ssize_t bits)
{
    if (w->position + bits <= w->size)
        return 0;
    Py_ssize_t old = w->size / 8, octets = (w->position + bits) / 4 + 64;
    uint8_t *data = PyMem_Realloc(w->data, (size_t)octets);
    if (data == NULL)
        return -1;
    memset(data + old, 0, (size_t)(octets - old));
    w->data = data;
    w->size = octets * 8;
    return 0;
}

/* The octets behind `position` are zero. */
static int
write_bits(Writer *w, int width, uint32_t value)
{
    if (width == 0)
        return 0;
    if (room(w, width) < 0)
        return -1;
    Py_ssize_t last = (w->position + width - 1) >> 3, first = w->position >> 3;
    uint64_t bits = (uint64_t)value << (7 - ((w->position + width - 1) & 7));
    for (Py_ssize_t i = last; i >= first; i--) {
        w->data[i] |= (uint8_t)bits;
        bits >>= 8;
    }
    w->position += width;
    return 0;
}

static int
write_varint(Writer *w, uint64_t value)
{
    while (value > 127) {
        if (write_bits(w, 8, (uint32_t)(value & 127) | 128) < 0)
            return -1;
        value >>= 7;
    }
    return write_bits(w, 8, (uint32_t)value);
}

static int
write_unsigned(Writer *w, const Position *p, PyObject *value)
{
    if (!PyLong_CheckExact(value))
        return -1;
    uint64_t number = PyLong_AsUnsignedLongLong(value);
    if (number == UINT64_MAX && PyErr_Occurred())
        return -1;
    return number < (uint64_t)p->low || (p->bounded && number > p->high) ? -1 : write_varint(w, number);
}

static int
write_integer(Writer *w, const Position *p, PyObject *value)
{
    if (!PyLong_CheckExact(value))
        return -1;
    int overflow;
    int64_t number = PyLong_AsLongLongAndOverflow(value, &overflow);
    if (overflow || number < p->low || (p->bounded && number > 0 && (uint64_t)number > p->high) || write_bits(w, 1, number < 0) < 0)
        return -1;
    return write_varint(w, number < 0 ? (uint64_t)(-(number + 1)) : (uint64_t)number);
}

static int
write_text(Writer *w, const Position *p, PyObject *value)
{
    if (!PyUnicode_CheckExact(value))
        return -1;
#if PY_VERSION_HEX < 0x030C0000
    if (PyUnicode_READY(value) < 0)
        return -1;
#endif
    Py_ssize_t count = PyUnicode_GET_LENGTH(value);
    if (count < p->low || (p->bounded && (uint64_t)count > p->high) || write_varint(w, (uint64_t)count + 2) < 0)
        return -1;
    int kind = PyUnicode_KIND(value);
    const void *characters = PyUnicode_DATA(value);
    for (Py_ssize_t i = 0; i < count; i++) {
        Py_UCS4 c = PyUnicode_READ(kind, characters, i);
        if (!legal(c) || write_varint(w, c) < 0)
            return -1;
    }
    return 0;
}

static int
write_binary(Writer *w, const Position *p, PyObject *value)
{
    if (!PyBytes_CheckExact(value))
        return -1;
    Py_ssize_t count = PyBytes_GET_SIZE(value);
    if (count < p->low || (p->bounded && (uint64_t)count > p->high) || write_varint(w, (uint64_t)count) < 0)
        return -1;
    const uint8_t *octets = (const uint8_t *)PyBytes_AS_STRING(value);
    for (Py_ssize_t i = 0; i < count; i++)
        if (write_bits(w, 8, octets[i]) < 0)
            return -1;
    return 0;
}

static int encode_plan(Plan *plan, Writer *w, PyObject *object);

static int
write_value(Writer *w, const Position *p, PyObject *value)
{
    if (p->form == MESSAGE)
        return encode_plan(p->plan, w, value);
    if (p->framed && write_bits(w, 1, 0) < 0)
        return -1;
    int failed;
    switch (p->form) {
    case LISTED: {
        PyObject *index = PyDict_GetItemWithError(p->indices, value);
        failed = index == NULL ? -1 : write_bits(w, p->width, (uint32_t)PyLong_AsLong(index));
        break;
    }
    case SMALL: {
        if (!PyLong_CheckExact(value))
            return -1;
        int overflow;
        int64_t number = PyLong_AsLongLongAndOverflow(value, &overflow);
        if (overflow || number < p->low || number - p->low >= p->count)
            return -1;
        failed = write_bits(w, p->width, (uint32_t)(number - p->low));
        break;
    }
    case TEXT:
        failed = write_text(w, p, value);
        break;
    case BINARY:
        failed = write_binary(w, p, value);
        break;
    case UNSIGNED:
        failed = write_unsigned(w, p, value);
        break;
    default:
        failed = write_integer(w, p, value);
    }
    return failed < 0 || (p->framed && write_bits(w, 1, 0) < 0) ? -1 : 0;
}

/* Where the encoder stands: behind `last`, whose `count`-th occurrence in a row it was. */
typedef struct {
    Py_ssize_t last, count;
} Place;

static int
write_code(Plan *plan, Writer *w, Place *at, Py_ssize_t target)
{
    const Position *p = at->last < 0 ? NULL : &plan->positions[at->last];
    if (p != NULL && p->many && at->count < p->min)
        return target == at->last ? write_bits(w, 1, 0) : -1;
    const State *s = &plan->states[p == NULL ? 0 : state_behind(p, at->last, at->count)];
    for (Py_ssize_t code = 0; code < s->count; code++)
        if (s->targets[code] == target)
            return write_bits(w, s->width, (uint32_t)code);
    return 1; /* it cannot come here */
}

static int
write_item(Plan *plan, Writer *w, Place *at, const Unit *unit, PyObject *value)
{
    for (Py_ssize_t i = 0; i < unit->count; i++) {
        Py_ssize_t target = unit->positions[i];
        const Position *p = &plan->positions[target];
        if (p->form == MESSAGE && p->plan->cls != Py_TYPE(value))
            continue;
        int coded = write_code(plan, w, at, target);
        if (coded < 0)
            return -1;
        if (coded > 0)
            continue;
        at->count = target == at->last ? at->count + 1 : 1;
        at->last = target;
        return write_value(w, p, value);
    }
    return -1;
}

static int
encode_plan(Plan *plan, Writer *w, PyObject *object)
{
    if (Py_TYPE(object) != plan->cls || (!plan->ready && describe_plan(plan) < 0))
        return -1;
    if (Py_EnterRecursiveCall(" while encoding a message"))
        return -1;
    int failed = -1;
    Place at = {-1, 0};
    for (Py_ssize_t i = 0; i < plan->units_count; i++) {
        const Unit *unit = &plan->units[i];
        PyObject *value = SLOT(object, plan->offsets[unit->field]);
        if (value == NULL)
            goto done;
        if (plan->lists[unit->field]) {
            if (!PyTuple_CheckExact(value))
                goto done;
            for (Py_ssize_t j = 0; j < PyTuple_GET_SIZE(value); j++)
                if (write_item(plan, w, &at, unit, PyTuple_GET_ITEM(value, j)) < 0)
                    goto done;
        }
        else if (value != Py_None && write_item(plan, w, &at, unit, value) < 0)
            goto done;
    }
    failed = write_code(plan, w, &at, plan->positions_count) == 0 ? 0 : -1;
done:
    Py_LeaveRecursiveCall();
    return failed;
}

/* ---- Plan(cls, describe) ---- */

static void
forget(Plan *plan)
{
    for (Py_ssize_t i = 0; plan->positions != NULL && i < plan->positions_count; i++) {
        Py_CLEAR(plan->positions[i].values);
        Py_CLEAR(plan->positions[i].indices);
        Py_CLEAR(plan->positions[i].plan);
    }
    for (Py_ssize_t i = 0; plan->states != NULL && i < plan->states_count; i++)
        PyMem_Free(plan->states[i].targets);
    for (Py_ssize_t i = 0; plan->units != NULL && i < plan->units_count; i++)
        PyMem_Free(plan->units[i].positions);
    PyMem_Free(plan->positions);
    PyMem_Free(plan->states);
    PyMem_Free(plan->units);
    PyMem_Free(plan->offsets);
    PyMem_Free(plan->lists);
    PyMem_Free(plan->hidden_offsets);
    plan->positions = NULL;
    plan->states = NULL;
    plan->units = NULL;
    plan->offsets = NULL;
    plan->lists = NULL;
    plan->hidden_offsets = NULL;
}

/* Where a slot lies in an instance; -1 with an exception where the name is none. */
static Py_ssize_t
slot_offset(PyTypeObject *cls, PyObject *name)
{
    PyObject *descriptor = PyObject_GetAttr((PyObject *)cls, name);
    if (descriptor == NULL)
        return -1;
    Py_ssize_t offset = -1;
    if (Py_IS_TYPE(descriptor, &PyMemberDescr_Type) && ((PyMemberDescrObject *)descriptor)->d_member->type == Py_T_OBJECT_EX)
        offset = ((PyMemberDescrObject *)descriptor)->d_member->offset;
    else
        PyErr_Format(PyExc_TypeError, "%s.%U is no slot", cls->tp_name, name);
    Py_DECREF(descriptor);
    return offset;
}

static Py_ssize_t *
numbers(PyObject *tuple, Py_ssize_t low, Py_ssize_t high, Py_ssize_t *count)
{
    if (!PyTuple_Check(tuple)) {
        PyErr_SetString(PyExc_TypeError, "a tuple of numbers is needed");
        return NULL;
    }
    *count = PyTuple_GET_SIZE(tuple);
    Py_ssize_t *found = PyMem_New(Py_ssize_t, *count + 1);
    if (found == NULL)
        return (Py_ssize_t *)PyErr_NoMemory();
    for (Py_ssize_t i = 0; i < *count; i++) {
        found[i] = PyLong_AsSsize_t(PyTuple_GET_ITEM(tuple, i));
        if (found[i] < low || found[i] > high) {
            if (!PyErr_Occurred())
                PyErr_SetString(PyExc_ValueError, "a number out of range");
            PyMem_Free(found);
            return NULL;
        }
    }
    return found;
}

static int
describe_position(Plan *plan, Position *p, PyObject *said)
{
    int form;
    PyObject *high, *values, *more;
    long long low;
    if (!PyTuple_Check(said)
        || !PyArg_ParseTuple(said, "ippnnninLOOO:position", &form, &p->framed, &p->many, &p->min, &p->max, &p->field, &p->width, &p->count,
                             &low, &high, &values, &more))
        return -1;
    p->form = (enum form)form;
    p->low = low;
    p->bounded = high != Py_None;
    p->high = p->bounded ? PyLong_AsUnsignedLongLong(high) : 0;
    if (PyErr_Occurred())
        return -1;
    if (form == ABSENT)
        return 0;
    int right = p->field >= 0 && p->field < plan->fields && p->width >= 0 && p->width <= WIDEST && form >= MESSAGE && form <= BINARY
                && p->many == plan->lists[p->field];
    if (form == LISTED) {
        right = right && PyTuple_Check(values) && PyTuple_GET_SIZE(values) == p->count && PyDict_Check(more);
        if (right) {
            p->values = Py_NewRef(values);
            p->indices = Py_NewRef(more);
        }
    }
    else if (form == MESSAGE) {
        right = right && Py_IS_TYPE(values, &PlanType);
        if (right)
            p->plan = (Plan *)Py_NewRef(values);
    }
    if (!right) {
        PyErr_SetString(PyExc_ValueError, "a position that cannot be");
        return -1;
    }
    return 0;
}

static int
describe_all(Plan *plan, PyObject *said)
{
    PyObject *fields, *hidden, *positions, *states, *units;
    if (!PyTuple_Check(said)
        || !PyArg_ParseTuple(said, "O!O!O!O!O!:description", &PyTuple_Type, &fields, &PyTuple_Type, &hidden, &PyTuple_Type, &positions,
                             &PyTuple_Type, &states, &PyTuple_Type, &units))
        return -1;
    plan->fields = PyTuple_GET_SIZE(fields);
    plan->hidden = PyTuple_GET_SIZE(hidden);
    plan->positions_count = PyTuple_GET_SIZE(positions);
    plan->states_count = PyTuple_GET_SIZE(states);
    plan->units_count = PyTuple_GET_SIZE(units);
    plan->offsets = PyMem_Calloc((size_t)plan->fields + 1, sizeof(Py_ssize_t));
    plan->lists = PyMem_Calloc((size_t)plan->fields + 1, 1);
    plan->hidden_offsets = PyMem_Calloc((size_t)plan->hidden + 1, sizeof(Py_ssize_t));
    plan->positions = PyMem_Calloc((size_t)plan->positions_count + 1, sizeof(Position));
    plan->states = PyMem_Calloc((size_t)plan->states_count + 1, sizeof(State));
    plan->units = PyMem_Calloc((size_t)plan->units_count + 1, sizeof(Unit));
    if (!plan->offsets || !plan->lists || !plan->hidden_offsets || !plan->positions || !plan->states || !plan->units) {
        PyErr_NoMemory();
        return -1;
    }
    if (plan->states_count != 1 + 2 * plan->positions_count) {
        PyErr_SetString(PyExc_ValueError, "two states behind each position are needed");
        return -1;
    }
    for (Py_ssize_t i = 0; i < plan->fields; i++) {
        PyObject *name;
        int list;
        if (!PyArg_ParseTuple(PyTuple_GET_ITEM(fields, i), "Up:field", &name, &list))
            return -1;
        plan->lists[i] = (char)list;
        if ((plan->offsets[i] = slot_offset(plan->cls, name)) < 0)
            return -1;
    }
    for (Py_ssize_t i = 0; i < plan->hidden; i++)
        if ((plan->hidden_offsets[i] = slot_offset(plan->cls, PyTuple_GET_ITEM(hidden, i))) < 0)
            return -1;
    for (Py_ssize_t i = 0; i < plan->positions_count; i++)
        if (describe_position(plan, &plan->positions[i], PyTuple_GET_ITEM(positions, i)) < 0)
            return -1;
    for (Py_ssize_t i = 0; i < plan->states_count; i++) {
        PyObject *targets;
        State *s = &plan->states[i];
        if (!PyArg_ParseTuple(PyTuple_GET_ITEM(states, i), "iO:state", &s->width, &targets)
            || (s->targets = numbers(targets, -1, plan->positions_count, &s->count)) == NULL)
            return -1;
        if (s->width < 0 || s->width > WIDEST) {
            PyErr_SetString(PyExc_ValueError, "a state that cannot be");
            return -1;
        }
    }
    for (Py_ssize_t i = 0; i < plan->units_count; i++) {
        PyObject *members;
        Unit *u = &plan->units[i];
        if (!PyArg_ParseTuple(PyTuple_GET_ITEM(units, i), "nO:unit", &u->field, &members)
            || (u->positions = numbers(members, 0, plan->positions_count - 1, &u->count)) == NULL)
            return -1;
        if (u->field < 0 || u->field >= plan->fields) {
            PyErr_SetString(PyExc_ValueError, "a unit that cannot be");
            return -1;
        }
    }
    plan->ready = 1;
    return 0;
}

static int
describe_plan(Plan *plan)
{
    PyObject *said = PyObject_CallOneArg(plan->describe, (PyObject *)plan->cls);
    if (said == NULL)
        return -1;
    int failed = plan->ready ? 0 : describe_all(plan, said); /* describing may have met the same class */
    Py_DECREF(said);
    if (failed < 0)
        forget(plan);
    return failed;
}

static PyObject *
plan_new(PyTypeObject *type, PyObject *arguments, PyObject *words)
{
    PyObject *cls, *describe;
    static char *names[] = {"cls", "describe", NULL};
    if (!PyArg_ParseTupleAndKeywords(arguments, words, "O!O:Plan", names, &PyType_Type, &cls, &describe))
        return NULL;
    Plan *plan = (Plan *)type->tp_alloc(type, 0);
    if (plan != NULL) {
        plan->cls = (PyTypeObject *)Py_NewRef(cls);
        plan->describe = Py_NewRef(describe);
    }
    return (PyObject *)plan;
}

static void
plan_dealloc(Plan *plan)
{
    forget(plan);
    Py_XDECREF(plan->cls);
    Py_XDECREF(plan->describe);
    Py_TYPE(plan)->tp_free(plan);
}

/* What giving up means to Python: None. An exception that came on the way is left to the pure codec, too; an interrupt goes through. */
static PyObject *
given_up(void)
{
    if (PyErr_Occurred()) {
        if (!PyErr_ExceptionMatches(PyExc_Exception) || PyErr_ExceptionMatches(PyExc_MemoryError))
            return NULL;
        PyErr_Clear();
    }
    Py_RETURN_NONE;
}

PyDoc_STRVAR(decode_doc,
             "decode(data, width, plans, end, end_width) -> the message of a document or fragment: a header octet, `width` bits that choose\n"
             "from `plans`, its content, `end_width` bits that are `end`, zero bits to the octet; or None to leave it to the pure codec.");

static PyObject *
decode(PyObject *Py_UNUSED(module), PyObject *const *arguments, Py_ssize_t count)
{
    if (count != 5 || !PyTuple_Check(arguments[2])) {
        PyErr_SetString(PyExc_TypeError, "decode(data, width, plans, end, end_width)");
        return NULL;
    }
    long width = PyLong_AsLong(arguments[1]), end = PyLong_AsLong(arguments[3]), end_width = PyLong_AsLong(arguments[4]);
    if (PyErr_Occurred())
        return NULL;
    if (width < 0 || width > WIDEST || end_width < 0 || end_width > WIDEST) {
        PyErr_SetString(PyExc_ValueError, "decode: out of range");
        return NULL;
    }
    if (!PyBytes_CheckExact(arguments[0]))
        return given_up();
    Reader r = {(const uint8_t *)PyBytes_AS_STRING(arguments[0]), 0, PyBytes_GET_SIZE(arguments[0]) * 8};
    uint32_t header, code, behind, padding;
    if (read_bits(&r, 8, &header) < 0 || header != 0x80 || read_bits(&r, (int)width, &code) < 0 || code >= PyTuple_GET_SIZE(arguments[2]))
        return given_up();
    PyObject *plan = PyTuple_GET_ITEM(arguments[2], code);
    if (!Py_IS_TYPE(plan, &PlanType))
        return given_up();
    PyObject *message = decode_plan((Plan *)plan, &r);
    if (message != NULL
        && (read_bits(&r, (int)end_width, &behind) < 0 || behind != (uint32_t)end || read_bits(&r, (int)(-r.position & 7), &padding) < 0
            || padding))
        Py_CLEAR(message);
    return message == NULL ? given_up() : message;
}

PyDoc_STRVAR(encode_doc, "encode(message, octets, bit, code, width) -> the octets with the message from `bit` on, then `width` bits of `code`,\n"
                         "padded; or None to leave it to the pure codec. `octets`: what stands before, zero from `bit` on.");

static PyObject *
plan_encode(Plan *plan, PyObject *const *arguments, Py_ssize_t count)
{
    if (count != 5 || !PyBytes_Check(arguments[1])) {
        PyErr_SetString(PyExc_TypeError, "encode(message, bytes, bit, code, width)");
        return NULL;
    }
    Py_ssize_t before = PyBytes_GET_SIZE(arguments[1]), bit = PyLong_AsSsize_t(arguments[2]);
    long code = PyLong_AsLong(arguments[3]), width = PyLong_AsLong(arguments[4]);
    if (PyErr_Occurred())
        return NULL;
    if (bit < 0 || bit > before * 8 || width < 0 || width > WIDEST) {
        PyErr_SetString(PyExc_ValueError, "encode: out of range");
        return NULL;
    }
    Writer w = {NULL, bit, 0};
    PyObject *octets = NULL;
    if (room(&w, before * 8) < 0)
        PyErr_NoMemory();
    else {
        memcpy(w.data, PyBytes_AS_STRING(arguments[1]), (size_t)before);
        if (encode_plan(plan, &w, arguments[0]) == 0 && write_bits(&w, (int)width, (uint32_t)code) == 0)
            octets = PyBytes_FromStringAndSize((const char *)w.data, (w.position + 7) / 8);
    }
    PyMem_Free(w.data);
    return octets == NULL ? given_up() : octets;
}

static PyMethodDef plan_methods[] = {
    {"encode", (PyCFunction)(void (*)(void))plan_encode, METH_FASTCALL, encode_doc},
    {NULL, NULL, 0, NULL},
};

static PyTypeObject PlanType = {
    PyVarObject_HEAD_INIT(NULL, 0).tp_name = "iso15118.exi._compiled.Plan",
    .tp_doc = PyDoc_STR("Plan(cls, describe): the codec of one class; `describe(cls)` is asked for its automaton when it is first used."),
    .tp_basicsize = sizeof(Plan),
    .tp_flags = Py_TPFLAGS_DEFAULT,
    .tp_new = plan_new,
    .tp_dealloc = (destructor)plan_dealloc,
    .tp_methods = plan_methods,
};

static PyMethodDef functions[] = {
    {"decode", (PyCFunction)(void (*)(void))decode, METH_FASTCALL, decode_doc},
    {NULL, NULL, 0, NULL},
};

static struct PyModuleDef module = {
    PyModuleDef_HEAD_INIT,
    .m_name = "_compiled",
    .m_doc = PyDoc_STR("The codec over octets, in C; see `plan`."),
    .m_size = -1,
    .m_methods = functions,
};

PyMODINIT_FUNC
PyInit__compiled(void)
{
    if (PyType_Ready(&PlanType) < 0 || (empty = PyTuple_New(0)) == NULL)
        return NULL;
    PyObject *made = PyModule_Create(&module);
    if (made == NULL || PyModule_AddObjectRef(made, "Plan", (PyObject *)&PlanType) < 0) {
        Py_XDECREF(made);
        return NULL;
    }
    return made;
}
