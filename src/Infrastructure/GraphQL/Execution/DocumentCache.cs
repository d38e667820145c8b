namespace Events.GraphQL.Execution;

/// <summary>
/// Prepared documents by their text. Bounded in number and in estimated bytes; the one that was not used for the longest time
/// goes first.
/// </summary>
internal sealed class DocumentCache(int documentsMax, long bytesMax)
{
    /// <summary>No document may push out all others.</summary>
    private const int ShareMax = 8;

    /// <summary>A token's part of the tree, and of what is planned and checked from it.</summary>
    private const int BytesPerToken = 200;

    private readonly Lock _lock = new();
    private readonly LinkedList<Entry> _byUse = new();
    private readonly Dictionary<string, LinkedListNode<Entry>> _byText = new(StringComparer.Ordinal);
    private long _bytes;

    internal int Count
    {
        get
        {
            lock (_lock)
            {
                return _byText.Count;
            }
        }
    }

    internal PreparedDocument? Find(string text)
    {
        lock (_lock)
        {
            if (!_byText.TryGetValue(text, out LinkedListNode<Entry>? node))
            {
                return null;
            }

            if (node != _byUse.First)
            {
                _byUse.Remove(node);
                _byUse.AddFirst(node);
            }

            return node.Value.Document;
        }
    }

    internal void Add(string text, PreparedDocument document)
    {
        long bytes = (2L * text.Length) + (BytesPerToken * (long)document.Document.Tokens);
        if (bytes > bytesMax / ShareMax)
        {
            return;
        }

        lock (_lock)
        {
            if (_byText.ContainsKey(text))
            {
                return;
            }

            _byText.Add(text, _byUse.AddFirst(new Entry(text, document, bytes)));
            _bytes += bytes;
            while (_byText.Count > documentsMax || _bytes > bytesMax)
            {
                Entry oldest = _byUse.Last!.Value;
                _byUse.RemoveLast();
                _byText.Remove(oldest.Text);
                _bytes -= oldest.Bytes;
            }
        }
    }

    private sealed record Entry(string Text, PreparedDocument Document, long Bytes);
}
