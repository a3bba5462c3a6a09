//! Asking valgrind for something (valgrind.h and callgrind.h).

/// Whether [`start_instrumentation`] does anything.
pub(super) const CAN_START: bool = cfg!(target_arch = "x86_64");

/// Lets callgrind look at each instruction from here on: until then, all runs much faster.
#[cfg(target_arch = "x86_64")]
#[allow(unsafe_code)]
pub(super) fn start_instrumentation() {
    /// `VG_USERREQ__START_INSTRUMENTATION`
    const REQUEST: u64 = 0x4354_0004;
    let request = [REQUEST, 0, 0, 0, 0, 0];
    // SAFETY: rotated by 128 bits in all, `rdi` is as before, and so is `rbx`. Valgrind takes these
    // instructions for a request, reads the array and puts an answer into `rdx`.
    unsafe {
        std::arch::asm!(
            "rol rdi, 3",
            "rol rdi, 13",
            "rol rdi, 61",
            "rol rdi, 51",
            "xchg rbx, rbx",
            in("rax") request.as_ptr(),
            inout("rdx") 0_u64 => _,
        );
    }
}

#[cfg(not(target_arch = "x86_64"))]
pub(super) fn start_instrumentation() {}
