namespace Events.EventStore;

internal static class Placeholder;
