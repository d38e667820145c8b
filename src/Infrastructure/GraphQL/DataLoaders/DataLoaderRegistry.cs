using Microsoft.Extensions.DependencyInjection;

namespace Events.GraphQL.DataLoaders;

/// <summary>
/// The data loaders of one request: one of each type, made when it is first asked for. Constructors take an
/// <see cref="IBatchScheduler"/>, <see cref="DataLoaderOptions"/> if they like, and services of the request.
/// </summary>
internal sealed class DataLoaderRegistry(IBatchScheduler scheduler, IServiceProvider services)
{
    private readonly Lock _lock = new();
    private readonly Dictionary<object, IDataLoader> _loaders = [];

    internal T Get<T>()
        where T : IDataLoader => (T)Get(typeof(T));

    /// <param name="type">A class that can be made, and is an <see cref="IDataLoader"/>.</param>
    internal IDataLoader Get(Type type) =>
        GetOrAdd(type, _ => (IDataLoader)ActivatorUtilities.CreateInstance(new LoaderServices(scheduler, services), type));

    /// <param name="key">Whatever tells it from others, e.g. the method that it was made of.</param>
    internal T GetOrAdd<T>(object key, Func<IBatchScheduler, T> make)
        where T : IDataLoader
    {
        lock (_lock)
        {
            if (!_loaders.TryGetValue(key, out IDataLoader? loader))
            {
                loader = make(scheduler);
                _loaders.Add(key, loader);
            }

            return (T)loader;
        }
    }

    internal void Clear()
    {
        lock (_lock)
        {
            foreach (IDataLoader loader in _loaders.Values)
            {
                loader.ClearCache();
            }
        }
    }

    /// <summary>The request's services, and what only a data loader needs.</summary>
    private sealed class LoaderServices(IBatchScheduler scheduler, IServiceProvider services) : IServiceProvider
    {
        public object? GetService(Type serviceType) =>
            serviceType == typeof(IBatchScheduler) ? scheduler : services.GetService(serviceType) ?? Usual(serviceType);

        private static DataLoaderOptions? Usual(Type serviceType) =>
            serviceType == typeof(DataLoaderOptions) ? new DataLoaderOptions() : null;
    }
}
