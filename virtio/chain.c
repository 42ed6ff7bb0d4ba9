/* What is said of a broken chain, of either layout; see the header. */
#include "virtio/chain.h"

bool virtio_chain_fail(struct chain_walk *walk, enum clause_id id,
                       const char *summary, const char *name, uint64_t value)
{
    struct virtio_queue *queue = walk->queue;

    if (ring_violation(queue, id, .verdict = VIRTIO_VERDICT_NEEDS_RESET,
                       .tolerant = VIRTIO_VERDICT_DROPPED, .summary = summary,
                       .values = {{"head", queue->chain.head},
                                  {"element", walk->elements},
                                  {name, value}})) {
        walk->stopped = true;
        virtio_device_needs_reset(queue->device);
    }
    return false;
}

bool virtio_chain_exceeds(struct chain_walk *walk, uint32_t elements)
{
    struct virtio_queue *queue = walk->queue;

    if (elements > VIRTIO_SEGMENTS) {
        return virtio_chain_fail(
            walk, walk->clauses->length,
            "the chain has more elements than can be served", "QueueSize",
            queue->size);
    }
    ring_violation(queue, walk->clauses->length, .arguable = true,
                   .verdict = VIRTIO_VERDICT_TAKEN,
                   .summary = "the chain has more elements than the queue",
                   .values = {{"head", queue->chain.head},
                              {"elements", elements},
                              {"QueueSize", queue->size}});
    return true;
}
