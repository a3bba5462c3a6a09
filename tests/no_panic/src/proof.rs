//! The proof: a destructor that the linker cannot find.

/// A function that cannot panic, if this program links.
pub(crate) struct Proof {
    /// The call that is proved.
    pub(crate) call: &'static str,
    /// The function around it. The program uses this address, so the function is compiled for
    /// any arguments.
    pub(crate) function: *const (),
}

/// Defines functions, each of which makes one call, and `proofs()`, the list of them.
///
/// Around the call lives a value whose destructor calls a function that nobody defines. If the call
/// returns, the value is forgotten. If it panics, the value is dropped. The optimizer removes the
/// destructor only if it can prove that the call does not panic. If it cannot, the linker reports the
/// missing function, whose name contains the call.
macro_rules! proofs {
    ($($(#[$attribute:meta])* $name:ident($($argument:ident: $type:ty),*) { $call:expr })*) => {
        $(
            $(#[$attribute])*
            #[inline(never)]
            fn $name($($argument: $type),*) {
                unsafe extern "C" {
                    #[link_name = concat!("panic in ", stringify!($call), ", ", module_path!())]
                    safe fn undefined() -> !;
                }
                struct Guard;
                impl Drop for Guard {
                    fn drop(&mut self) {
                        undefined()
                    }
                }
                let guard = Guard;
                let result = $call;
                core::mem::forget(guard);
                core::hint::black_box(&result);
            }
        )*

        pub(crate) fn proofs() -> Vec<$crate::proof::Proof> {
            vec![$(
                $(#[$attribute])*
                $crate::proof::Proof { call: stringify!($call), function: $name as *const () },
            )*]
        }
    };
}
pub(crate) use proofs;
