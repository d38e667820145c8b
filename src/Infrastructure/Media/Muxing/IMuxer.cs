using Events.Media.Mp4;

namespace Events.Media.Muxing;

/// <summary>
/// Makes one file of a recording's segment files. It is told all headers and tables first, so that sizes are known, and then
/// makes each part when it is wanted.
/// </summary>
internal interface IMuxer
{
    /// <summary>The next segment file begins.</summary>
    /// <exception cref="MalformedMediaException">This kind of file cannot hold such pictures beside those before.</exception>
    void Begin(StreamHeader header, DateTimeOffset? startedAt);

    /// <summary>The next fragment of that file.</summary>
    /// <param name="entries">Never empty; good until the next one.</param>
    /// <returns>How many bytes the part for it will have.</returns>
    long Plan(IReadOnlyList<TableEntry> entries);

    /// <summary>When all is planned.</summary>
    /// <returns>What stands before the first part.</returns>
    ReadOnlyMemory<byte> Head();

    /// <param name="segment">Its file, counted from 0 as they began.</param>
    /// <param name="pictures">The entries' bytes, one picture behind the other.</param>
    /// <returns>The part, good until the next one is made.</returns>
    ReadOnlyMemory<byte> Make(int segment, IReadOnlyList<TableEntry> entries, ReadOnlySpan<byte> pictures);
}
