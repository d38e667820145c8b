using System.Runtime.CompilerServices;
using System.Security.Claims;
using Events.GraphQL;
using Events.GraphQL.DataLoaders;

namespace Events.Tests.Engines.GraphQL.Binding;

// A small world with one of everything that the binding knows.

/// <summary>What stands in a garage.</summary>
[InterfaceType]
public interface IVehicle
{
    /// <summary>On the plate.</summary>
    string Plate { get; }
}

/// <summary>How it moves, see <see cref="Car"/>.</summary>
public enum Drive
{
    TwoWheel,

    /// <summary>All of them.</summary>
    AllWheel,

    [Obsolete("None is built any more.")]
    Steam,
}

/// <summary>A car.</summary>
/// <param name="Plate">Of the car.</param>
/// <param name="Doors">How many.</param>
public sealed record Car([property: ID] int Id, string Plate, int Doors, Drive Drive, string? Owner) : IVehicle
{
    public IReadOnlyList<string?> Colours { get; } = ["red", null];

    [GraphQLIgnore]
    public string Secret { get; } = "never shown";

    [GraphQLDeprecated("It is heavy.")]
    public double Weight { get; } = 1.5;

    [GraphQLName("wheels")]
    public int CountOfWheels(int spare = 1) => Doors - Doors + 4 + spare;

    public Task<string> GetSmellAsync() => Task.FromResult(Owner is null ? "new" : "used");
}

public sealed record Bike([property: ID] Guid Id, string Plate) : IVehicle;

[UnionType]
public interface IFinding;

public sealed record Lost(string What) : IFinding;

public sealed record Found(DateTimeOffset At, TimeSpan After, long Steps, Uri? Where) : IFinding;

/// <param name="Plate">To be painted on it.</param>
public sealed record NewCar(
    string Plate, int Doors = 4, Drive Drive = Drive.TwoWheel, string? Owner = null, List<string>? Tags = null);

[OneOf]
public sealed record CarBy(string? Plate, [property: ID] int? Id);

public sealed record PlateTaken(string Message, string Plate);

public sealed class TooManyDoorsException(int doors) : Exception($"{doors} doors are too many.");

public sealed class Garage
{
    public List<Car> Cars { get; } =
    [
        new(1, "A-1", 4, Drive.TwoWheel, "Ada"), new(2, "B-2", 2, Drive.AllWheel, null), new(3, "C-3", 5, Drive.TwoWheel, "Bob"),
    ];

    public List<IReadOnlyList<int>> Batches { get; } = [];
}

[QueryType]
public static class GarageQueries
{
    public static string Hello(string? name = "world") => $"Hello {name}";

    /// <summary>Finds a car.</summary>
    /// <param name="by">One way to find it.</param>
    public static Car? GetCar(CarBy by, Garage garage) =>
        garage.Cars.FirstOrDefault(car => car.Plate == by.Plate || car.Id == by.Id);

    [NodeResolver]
    public static Car? GetCarById([ID] int id, Garage garage) => garage.Cars.FirstOrDefault(car => car.Id == id);

    [UsePaging(IncludeTotalCount = true, MaxPageSize = 2, DefaultPageSize = 2)]
    public static IEnumerable<Car> GetCars([Service] Garage garage) => garage.Cars;

    [UsePaging(ConnectionName = "Sought")]
    [UseFiltering]
    [UseSorting]
    public static Connection<Car> GetSought(PagingArguments paging, Filter? filter, SortOrder order)
    {
        string said = $"{paging.Count} {Say(filter)} {string.Join(',', order.Fields)}";
        return new([new Edge<Car>(new Car(9, said, 0, Drive.TwoWheel, null), "c")], false, false);
    }

    public static async Task<IReadOnlyList<IVehicle>> GetVehiclesAsync(Garage garage, CancellationToken cancellationToken)
    {
        await Task.Yield();
        cancellationToken.ThrowIfCancellationRequested();
        return [garage.Cars[0], new Bike(Guid.Parse("01a2132a-7540-7951-b853-794b167c4050"), "X-9")];
    }

    public static IFinding[] GetFindings() =>
    [
        new Lost("key"),
        new Found(new DateTimeOffset(2026, 3, 1, 12, 0, 0, TimeSpan.Zero), TimeSpan.FromMinutes(90), 1L << 40, null),
    ];

    public static string Who(ClaimsPrincipal user) => user.Identity?.Name ?? "nobody";

    [Authorize(Roles = ["admin"])]
    public static string GetKeys() => "under the mat";

    public static string Boom() => throw new InvalidOperationException("secret text");

    public static double Sum(IReadOnlyList<float> of, [ID] IReadOnlyList<Guid>? ids = null) => of.Sum() + (ids?.Count ?? 0);

    private static string Say(Filter? filter) =>
        filter switch
        {
            null => "all",
            Filter.And and => $"({string.Join(" and ", and.Parts.Select(Say))})",
            Filter.Or or => $"({string.Join(" or ", or.Parts.Select(Say))})",
            Filter.Compare one => $"{one.Field} {one.Operation} {Say(one.Value)}",
            _ => "?",
        };

    private static string Say(object? value) => value is System.Collections.IList list ? $"[{list.Count}]" : $"{value}";
}

[ExtendObjectType<Car>]
public sealed class CarResolvers
{
    private readonly int _first = 1;

    public async Task<Car?> GetTwinAsync([Parent] Car car, IDataLoader<int, Car> carByKey, CancellationToken cancellationToken) =>
        await carByKey.LoadAsync(car.Id == 3 ? _first : car.Id + 1, cancellationToken);

    [DataLoader]
    public static Task<IReadOnlyDictionary<int, Car>> GetCarByKeyAsync(
        IReadOnlyList<int> keys, Garage garage, CancellationToken cancellationToken)
    {
        garage.Batches.Add(keys);
        return Task.FromResult<IReadOnlyDictionary<int, Car>>(
            garage.Cars.Where(car => keys.Contains(car.Id)).ToDictionary(car => car.Id));
    }
}

[MutationType]
public static class GarageMutations
{
    [Error<PlateTaken>]
    [Error<TooManyDoorsException>]
    public static FieldResult<Car> AddCar(NewCar car, Garage garage)
    {
        if (garage.Cars.Exists(one => one.Plate == car.Plate))
        {
            return new FieldResult<Car>([new PlateTaken("Somebody has this plate.", car.Plate)]);
        }

        return car.Doors > 9
            ? throw new TooManyDoorsException(car.Doors)
            : new Car(10 + (car.Tags?.Count ?? 0), car.Plate, car.Doors, car.Drive, car.Owner);
    }

    public static int Add(int a, int b = 1) => a + b;
}

[SubscriptionType]
public static class GarageSubscriptions
{
    [Subscribe(With = nameof(CountAsync))]
    public static int Countdown([EventMessage] int message) => message;

    public static async IAsyncEnumerable<int> CountAsync(int from, [EnumeratorCancellation] CancellationToken cancellationToken)
    {
        for (int i = from; i > 0; i--)
        {
            await Task.Yield();
            cancellationToken.ThrowIfCancellationRequested();
            yield return i;
        }
    }

    [Subscribe]
    [Topic("parked-{plate}")]
    public static string OnParked(string plate, [EventMessage] string message) => $"{plate} {message}";
}
