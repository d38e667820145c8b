using Events.Application.Cameras;
using Events.Application.Contracts;
using Events.Host.GraphQL;
using Xunit;

namespace Events.Tests.Integration.GraphQL;

public sealed class Shared_rows
{
    private readonly SlowViews _views = new();

    private static CancellationToken Cancel => TestContext.Current.CancellationToken;

    [Fact]
    public async Task are_read_once_for_all_who_want_them_for_a_fact()
    {
        var rows = new SharedRows(_views);
        Task[] all = [.. Enumerable.Range(0, 200).Select(_ => rows.FindAsync(CameraViewProjection.View, "a", 7, Cancel))];
        Task other = rows.FindAsync(CameraViewProjection.View, "b", 7, Cancel);
        _views.Answer();
        await Task.WhenAll([.. all, other]).WaitAsync(TimeSpan.FromSeconds(10), Cancel);
        Assert.Equal(["a", "b"], _views.Asked);
    }

    [Fact]
    public async Task are_read_anew_for_a_newer_fact_and_not_for_an_older_one()
    {
        var rows = new SharedRows(_views);
        _views.Answer();
        foreach (long position in new long[] { 7, 6, 8, 7, 8 })
        {
            await rows.FindAsync(CameraViewProjection.View, "a", position, Cancel);
        }

        Assert.Equal(["a", "a"], _views.Asked);
    }

    [Fact]
    public async Task are_not_lost_with_one_who_leaves_and_not_kept_when_reading_fails()
    {
        var rows = new SharedRows(_views);
        using var leaving = new CancellationTokenSource();
        Task gone = rows.FindAsync(CameraViewProjection.View, "a", 7, leaving.Token);
        Task stays = rows.FindAsync(CameraViewProjection.View, "a", 7, Cancel);
        await leaving.CancelAsync();
        await Assert.ThrowsAnyAsync<OperationCanceledException>(() => gone);
        Assert.False(stays.IsCompleted);
        _views.Fail();
        await Assert.ThrowsAsync<DependencyUnavailableException>(() => stays);
        _views.Answer();
        await rows.FindAsync(CameraViewProjection.View, "a", 7, Cancel);
        Assert.Equal(["a", "a"], _views.Asked);
    }

    /// <summary>Answers when it is told to.</summary>
    private sealed class SlowViews : IReadModels
    {
        private TaskCompletionSource _answer = new(TaskCreationOptions.RunContinuationsAsynchronously);

        public List<string> Asked { get; } = [];

        public void Answer() => _answer.TrySetResult();

        public void Fail()
        {
            _answer.SetException(new DependencyUnavailableException("postgresql", "It is away."));
            _answer = new TaskCompletionSource(TaskCreationOptions.RunContinuationsAsynchronously);
        }

        public async Task<TRow?> FindAsync<TRow>(View<TRow> view, string key, CancellationToken cancellationToken)
            where TRow : class
        {
            Asked.Add(key);
            await _answer.Task.WaitAsync(cancellationToken);
            return null;
        }

        public Task<Page<TRow>> ListAsync<TRow>(View<TRow> view, ViewQuery query, CancellationToken cancellationToken)
            where TRow : class => throw new NotSupportedException();

        public Task<long> SumAsync<TRow>(
            View<TRow> view, string column, IReadOnlyList<ViewFilter> filters, CancellationToken cancellationToken)
            where TRow : class => throw new NotSupportedException();

        public Task<bool> WaitForAsync(long position, TimeSpan timeout, CancellationToken cancellationToken) =>
            throw new NotSupportedException();

        public Task<ViewReach> WaitForAsync(View view, long position, TimeSpan timeout, CancellationToken cancellationToken) =>
            throw new NotSupportedException();

        public Task<IReadOnlyList<ViewStatus>> StatusAsync(CancellationToken cancellationToken) => throw new NotSupportedException();
    }
}
