using Events.GraphQL.Execution;
using Events.GraphQL.Language;
using Events.GraphQL.Types;
using Events.GraphQL.Types.Sdl;
using Xunit;

namespace Events.Tests.Engines.GraphQL.Execution;

public sealed class A_document_cache
{
    private static readonly GraphSchema Schema = SdlReader.Read("type Query { a: Int }").Build();

    [Fact]
    public void keeps_what_is_used_and_lets_go_of_the_rest()
    {
        var cache = new DocumentCache(documentsMax: 3, bytesMax: 1_000_000);
        PreparedDocument first = Add(cache, "1");
        Add(cache, "2");
        Add(cache, "3");
        Assert.Same(first, cache.Find("1"));
        Add(cache, "4");
        Assert.Null(cache.Find("2"));
        Assert.Same(first, cache.Find("1"));
        Assert.Equal(3, cache.Count);
    }

    [Fact]
    public void is_bounded_in_bytes()
    {
        var cache = new DocumentCache(documentsMax: 1_000_000, bytesMax: 100_000);
        for (int i = 0; i < 1_000; i++)
        {
            Add(cache, $"{i}");
        }

        Assert.InRange(cache.Count, 50, 200);
        Assert.NotNull(cache.Find("999"));
    }

    /// <summary>One that took a large part of the cache would push out all others.</summary>
    [Fact]
    public void does_not_keep_a_document_that_is_too_large()
    {
        var cache = new DocumentCache(documentsMax: 10, bytesMax: 10_000);
        Add(cache, new string(' ', 1_000));
        Assert.Equal(0, cache.Count);
    }

    [Fact]
    public async Task is_used_from_many_threads()
    {
        var cache = new DocumentCache(documentsMax: 10, bytesMax: 1_000_000);
        await Task.WhenAll(Enumerable.Range(0, 4).Select(thread => Task.Run(() =>
        {
            for (int i = 0; i < 5_000; i++)
            {
                string text = $"{(i * (thread + 1)) % 37}";
                if (cache.Find(text) is null)
                {
                    Add(cache, text);
                }
            }
        }, TestContext.Current.CancellationToken)));
        Assert.InRange(cache.Count, 1, 10);
    }

    private static PreparedDocument Add(DocumentCache cache, string text)
    {
        var document = new PreparedDocument(Schema, Parser.Parse("{ a }"), new ExecutorOptions());
        cache.Add(text, document);
        return document;
    }
}
