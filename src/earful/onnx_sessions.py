"""How every session of onnxruntime is set up here: it shares the processor with the rest of one process."""

import onnxruntime as ort

__all__ = ["session_options"]


def session_options(threads: int = 1) -> ort.SessionOptions:
    """Return options of a session that computes on `threads` threads, the calling one among them.

    They sleep while there is nothing to do. Memory is given back after each run: inputs are of any length,
    and what is kept for the longest, or planned for each, would add up. Only errors are said in the log.
    """
    options = ort.SessionOptions()
    options.intra_op_num_threads = threads
    options.inter_op_num_threads = 1
    options.enable_cpu_mem_arena = False
    options.enable_mem_pattern = False
    options.log_severity_level = 3
    options.add_session_config_entry("session.intra_op.allow_spinning", "0")
    return options
