//! Files for tests, tag by tag.

/// An FLV file of these tags: kind, milliseconds, body.
pub(crate) fn file_of(tags: &[(u8, u32, &[u8])]) -> Vec<u8> {
    let mut file = b"FLV\x01\x05\0\0\0\x09\0\0\0\0".to_vec();
    for (kind, ms, body) in tags {
        let [t3, t2, t1, t0] = ms.to_be_bytes();
        let [_, s2, s1, s0] = (body.len() as u32).to_be_bytes();
        file.extend_from_slice(&[*kind, s2, s1, s0, t2, t1, t0, t3, 0, 0, 0]);
        file.extend_from_slice(body);
        file.extend_from_slice(&(body.len() as u32 + 11).to_be_bytes());
    }
    file
}
