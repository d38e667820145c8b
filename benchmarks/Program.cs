return args is ["cameras", ..] ? await Events.Benchmarks.CamerasBench.RunAsync(args[1..]) : 0;
