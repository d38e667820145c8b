namespace Events.Media.Encryption;

/// <summary>
/// How an encrypted file lies on disk: a header, then records of one size, the last one shorter or as long. Each record is a
/// random nonce, the ciphertext and its tag (AES-256-GCM). See decision 0021.
/// </summary>
internal static class RecordFormat
{
    /// <summary>
    /// Clear bytes in a record. So much at most waits in memory while a file is written, and is lost with the process: a part of
    /// the newest picture, or a few small ones. On disk come 28 bytes to each.
    /// </summary>
    public const int ClearBytes = 4096;

    public const int NonceBytes = 12;

    public const int TagBytes = 16;

    public const int OverheadBytes = NonceBytes + TagBytes;

    public const int StoredBytes = ClearBytes + OverheadBytes;

    /// <summary>Records that are read, written and held in memory at a time; encrypted, they are just below 64 KiB.</summary>
    public const int BatchRecords = 15;

    /// <summary>Of a file with so many clear bytes, one at least.</summary>
    public static long StoredLengthOf(long clearBytes) =>
        FileHeader.Bytes + clearBytes + (OverheadBytes * ((clearBytes + ClearBytes - 1) / ClearBytes));
}
