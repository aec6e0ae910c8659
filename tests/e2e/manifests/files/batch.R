# A task of doAzureParallel on a node of Azure Batch: reads what came as a resource file, works on it in parallel,
# and leaves its result where the node collects it.
library(foreach)
doParallel::registerDoParallel(2)
for (name in c("NODE_ROOT_DIR", "NODE_STARTUP_DIR", "TASK_ID", "JOB_ID", "TASK_WORKING_DIR", "JOB_PREP_WORKING_DIR"))
  stopifnot(nzchar(Sys.getenv(paste0("AZ_BATCH_", name))))
points <- read.csv(file.path(Sys.getenv("AZ_BATCH_NODE_STARTUP_DIR"), "wd", "points.csv"))
slopes <- foreach(i = 2:nrow(points), .combine = c) %dopar% ((points$y[i] - points$y[1]) / (points$x[i] - points$x[1]))
result <- file.path(Sys.getenv("AZ_BATCH_TASK_WORKING_DIR"), "result.txt")
writeLines(sprintf("y = %g x + %g", mean(slopes), points$y[1]), result)
cat(readLines(result), "\n")
